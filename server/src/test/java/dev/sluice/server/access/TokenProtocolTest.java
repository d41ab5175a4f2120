// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.Ticker;
import dev.sluice.server.config.TokensConfig;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.server.protocol.torchserve.rest.TorchServeErrors;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.HttpTransport;
import dev.sluice.server.transport.http.HttpTransportConfig;
import dev.sluice.server.transport.http.ListenerConfig;
import dev.sluice.server.transport.http.RawClient;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens over HTTP, with all planes at one address, which is where one could be taken for another. */
class TokenProtocolTest {
    private static final String NOT_RENEWED =
            "Token Authentication failed. Token either incorrect, expired, or not provided correctly";

    @TempDir
    private Path directory;

    private final ExecutorService executor = Executors.newSingleThreadExecutor();

    /** Written before each test. */
    private HttpTransport transport;

    @BeforeEach
    void start() {
        Tokens tokens = Tokens.issue(
                new TokensConfig(false, directory.resolve("key_file.json"), Duration.ofMinutes(1), false, false),
                InstantSource.system());
        tokens.publish();
        ErrorMapper errors = new TorchServeErrors();
        transport = new HttpTransport(
                new HttpTransportConfig(
                        List.of(new ListenerConfig("127.0.0.1", 0, Set.of(Plane.values()))),
                        HttpLimits.defaults(),
                        1,
                        true),
                List.of(new Planes(errors), new TokenProtocol(tokens, errors, executor)),
                errors,
                tokens,
                Ticker.system(),
                MemoryBudget.unlimited(),
                new MemoryLedger());
        transport.start();
    }

    @AfterEach
    void close() {
        transport.close();
        executor.shutdownNow();
    }

    /** One endpoint in each plane, and an open one. */
    private record Planes(ErrorMapper errors) implements Protocol {
        @Override
        public String name() {
            return "planes";
        }

        @Override
        public List<Endpoint> endpoints() {
            return List.of(
                    new Endpoint(Plane.INFERENCE, Set.of("GET", "POST"), "/predictions/{model}", Planes::answer),
                    new Endpoint(Plane.MANAGEMENT, Set.of("GET"), "/models/{model}", Planes::answer),
                    new Endpoint(Plane.METRICS, Set.of("GET"), "/metrics", Planes::answer),
                    new Endpoint(Plane.INFERENCE, Set.of("GET"), "/description", Planes::answer, true));
        }

        private static void answer(RestRequest request, RestResponder responder) {
            request.body().release();
            responder.respond(new RestResponse(
                    200, List.of(), DataBuffer.wrap(request.path().getBytes(StandardCharsets.UTF_8))));
        }
    }

    private String key(String kind) {
        try {
            return new ObjectMapper()
                    .readTree(Files.readAllBytes(directory.resolve("key_file.json")))
                    .path(kind)
                    .path("key")
                    .asText();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private RawClient.Response ask(String line, String... headers) {
        try (RawClient client = new RawClient(transport.address(Plane.INFERENCE))) {
            client.send(line + " HTTP/1.1\r\nhost: x\r\n" + String.join("", headers) + "\r\n");
            return client.receive();
        }
    }

    private String bearer(String kind) {
        return "Authorization: Bearer " + key(kind) + "\r\n";
    }

    @ParameterizedTest
    @CsvSource({
        "/predictions/a,inference,200",
        "/predictions/a,management,400",
        "/predictions/a,API,400",
        "/models/a,management,200",
        "/models/a,inference,400",
        "/models/a,API,400",
        "/models/token,management,200",
        "/models/tokenizer,management,200",
        "/predictions/token,inference,200",
        "/metrics,none,200",
        "/description,none,200",
        "/predictions/a,none,400",
        "/models/a,none,400",
        "/nowhere,none,404",
    })
    void asksForTheTokenOfTheEndpoint(String path, String kind, int status) {
        RawClient.Response answer = ask("GET " + path, kind.equals("none") ? "" : bearer(kind));

        assertThat(answer.status()).isEqualTo(status);
        if (status == 400) {
            assertThat(answer.body())
                    .contains("\"type\": \"InvalidKeyException\"")
                    .contains(
                            "\"message\": \"Token Authorization failed. Token either incorrect, expired, or not provided"
                                    + " correctly\"");
        }
    }

    /** Somebody in between may have looked at the other one. */
    @Test
    void refusesTwoAuthorizations() {
        assertThat(ask("GET /predictions/a", bearer("inference"), bearer("inference"))
                        .status())
                .isEqualTo(400);
        assertThat(ask("GET /predictions/a", bearer("inference"), "Authorization: Basic eDp5\r\n")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void refusesAuthorizationsThatAreTooLarge() {
        assertThat(ask("GET /predictions/a", "Authorization: Bearer " + "k".repeat(20_000) + "\r\n")
                        .status())
                .isEqualTo(431);
        assertThat(ask("GET /predictions/a", "Authorization: Bearer" + " ".repeat(7_000) + "\r\n")
                        .status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"inference", "management"})
    void renewsTokens(String kind) {
        String path = kind.equals("inference") ? "GET /predictions/a" : "GET /models/a";
        String old = bearer(kind);
        String api = bearer("API");

        RawClient.Response answer = ask("GET /token?type=" + kind, api);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isBlank();
        assertThat(answer.header("cache-control"))
                .hasValueSatisfying(value -> assertThat(value).contains("no-store"));
        assertThat(bearer(kind)).isNotEqualTo(old);
        assertThat(ask(path, old).status()).isEqualTo(400);
        assertThat(ask(path, bearer(kind)).status()).isEqualTo(200);
        assertThat(bearer("API")).isEqualTo(api);
    }

    @ParameterizedTest
    @CsvSource({"none,inference", "inference,inference", "management,management", "API,API", "API,''", "API,other"})
    void renewsNothingForOthers(String kind, String type) {
        String before = key("inference") + key("management") + key("API");

        RawClient.Response answer = ask("GET /token?type=" + type, kind.equals("none") ? "" : bearer(kind));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body())
                .contains("\"type\": \"InvalidKeyException\"")
                .contains("Token Authentication failed.");
        if (!kind.equals("API")) {
            assertThat(answer.body()).contains(NOT_RENEWED);
        }
        assertThat(key("inference") + key("management") + key("API")).isEqualTo(before);
    }

    @Test
    void saysNothingOfTheFileOverTheNetwork() throws IOException {
        String api = bearer("API");
        Files.delete(directory.resolve("key_file.json"));
        Files.createDirectory(directory.resolve("key_file.json"));

        RawClient.Response answer = ask("GET /token?type=inference", api);

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).doesNotContain(directory.toString()).contains("The key file cannot be written");
    }
}
