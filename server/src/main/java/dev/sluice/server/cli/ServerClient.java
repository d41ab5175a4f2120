// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * A client of one server's REST API.
 *
 * <p><b>Errors:</b> {@link UnreachableException}; {@code FAILED_PRECONDITION} with the server's own words when it says no.
 */
public final class ServerClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

    private final String address;
    private final Optional<String> token;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();

    /** @param address base URL, such as {@code http://127.0.0.1:8081} */
    public ServerClient(String address) {
        this(address, Optional.empty());
    }

    /**
     * A client that proves that it may call.
     *
     * @param address base URL, such as {@code http://127.0.0.1:8081}
     * @param token of the kind its calls want
     */
    ServerClient(String address, Optional<String> token) {
        this.token = token;
        this.address = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    }

    /** The body of a successful answer to a request without one. */
    public byte[] call(String method, String pathAndQuery) {
        return send(request(pathAndQuery).method(method, BodyPublishers.noBody()));
    }

    /** The body of the answer to {@code body}. */
    public byte[] post(String path, byte[] body, String contentType) {
        return send(request(path).header("content-type", contentType).POST(BodyPublishers.ofByteArray(body)));
    }

    private HttpRequest.Builder request(String pathAndQuery) {
        HttpRequest.Builder request;
        try {
            request = HttpRequest.newBuilder(URI.create(address + pathAndQuery));
        } catch (IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "--address: " + address + " (expected: http://HOST:PORT)", e);
        }
        token.ifPresent(secret -> authorize(request, secret));
        return request;
    }

    private static void authorize(HttpRequest.Builder request, String secret) {
        try {
            request.setHeader("Authorization", "Bearer " + secret);
        } catch (IllegalArgumentException e) {
            // Not the cause, whose message has the token in it.
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "--token: not one (expected: one word, as in key_file.json)");
        }
    }

    private byte[] send(HttpRequest.Builder request) {
        try {
            HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
            if (response.statusCode() >= 300) {
                throw new ServingException(
                        ErrorCode.FAILED_PRECONDITION,
                        "the server answered " + response.statusCode() + ": " + reason(response.body()));
            }
            return response.body();
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new UnreachableException(address, e);
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "the connection to " + address + " broke: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(ErrorCode.CANCELLED, "interrupted", e);
        }
    }

    /** The message in an error body of TorchServe's shape, or the body itself. */
    private static String reason(byte[] body) {
        JsonNode message = json(body).path("message");
        return message.isTextual() ? message.textValue() : new String(body, StandardCharsets.UTF_8).strip();
    }

    /** {@code body} as JSON; a missing node if it is none. */
    public static JsonNode json(byte[] body) {
        try {
            JsonNode parsed = JSON.readTree(new String(body, StandardCharsets.UTF_8));
            return parsed == null ? MissingNode.getInstance() : parsed;
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    /** One segment of a path, encoded. */
    static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A query string with its question mark; empty without parameters. */
    static String query(Map<String, String> parameters) {
        if (parameters.isEmpty()) {
            return "";
        }
        StringJoiner joined = new StringJoiner("&", "?", "");
        parameters.forEach((name, value) -> joined.add(segment(name) + "=" + segment(value)));
        return joined.toString();
    }
}
