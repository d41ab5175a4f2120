// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.RequestIds;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Calls the endpoints of the REST interface without HTTP, so that both interfaces say and do the same.
 *
 * <p><b>Threads:</b> safe from any thread; does not block.
 */
final class RestBridge {
    private static final JsonMapper JSON = new JsonMapper();

    private final Protocol rest;
    private final Ticker ticker;

    RestBridge(Protocol rest, Ticker ticker) {
        this.rest = rest;
        this.ticker = ticker;
    }

    /** What an endpoint answered. */
    record Reply(int status, String text) {
        private static final int FIRST_FAILURE = 300;

        boolean isFailure() {
            return status >= FIRST_FAILURE;
        }

        /** The text of one member of the object that the text is; empty if there is none. */
        String member(String name) {
            try {
                JsonNode value = JSON.readTree(text).path(name);
                return value.isTextual() ? value.textValue() : "";
            } catch (JsonProcessingException e) {
                return "";
            }
        }
    }

    /**
     * The endpoint at {@code path}.
     *
     * @throws IllegalArgumentException if there is none
     */
    Call endpoint(Plane plane, String method, String path) {
        Endpoint endpoint = rest.endpoints().stream()
                .filter(each -> each.plane() == plane
                        && each.methods().contains(method)
                        && each.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(method + " " + path + " (expected: an endpoint)"));
        return new Call(endpoint, method);
    }

    /** An endpoint ready to be called. */
    final class Call {
        private final Endpoint endpoint;
        private final String method;

        private Call(Endpoint endpoint, String method) {
            this.endpoint = endpoint;
            this.method = method;
        }

        /** Has {@code reply} hear the answer, now or later, once. */
        void call(Map<String, String> pathParameters, Map<String, String> query, Consumer<Reply> reply) {
            Map<String, List<String>> parameters = new LinkedHashMap<>();
            query.forEach((name, value) -> parameters.put(name, List.of(value)));
            RestRequest request = new RestRequest(
                    RequestIds.next(),
                    method,
                    endpoint.path(),
                    pathParameters,
                    parameters,
                    List.of(),
                    DataBuffer.wrap(new byte[0]),
                    ticker.nanos(),
                    new Cancellation());
            WholeReply responder = new WholeReply(reply);
            try {
                endpoint.handler().handle(request, responder);
            } catch (RuntimeException | Error e) {
                responder.respond(rest.errors().map(request.id(), ServingException.from(e)));
            }
        }
    }

    /** These endpoints answer in one piece. */
    private record WholeReply(Consumer<Reply> reply) implements RestResponder {
        @Override
        public void respond(RestResponse response) {
            String text;
            try {
                text = new String(response.body().toByteArray(), StandardCharsets.UTF_8);
            } finally {
                response.body().release();
            }
            reply.accept(new Reply(response.status(), text.strip()));
        }

        @Override
        public void startStream(RestResponse head) {
            respond(head);
        }

        @Override
        public void chunk(DataBuffer data) {
            data.release();
        }

        @Override
        public void endStream() {}

        @Override
        public void abortStream() {}
    }
}
