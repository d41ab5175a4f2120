// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.get;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A Python handler that makes a token of each running request a step; each token says how many requests ran. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonContinuousIT {
    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.pack(store, "tokens", "tokens.py", """
                minWorkers: 1
                maxWorkers: 1
                batchSize: 3
                maxBatchDelay: 1
                continuousBatching: true
                """);
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "tokens.mar", "--set", "drain_delay=0");
        calls = new Calls(server);
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private static String wish(String name, int tokens) {
        return "{\"name\": \"%s\", \"tokens\": %d}".formatted(name, tokens);
    }

    /** All of its own tokens, and in order. */
    private static void hasTokens(String body, String name, int tokens) {
        List<String> made = List.of(body.split(";", -1));
        assertThat(made).as("what follows each token").hasSize(tokens + 1).endsWith("");
        for (int i = 0; i < tokens; i++) {
            assertThat(made.get(i)).startsWith(name + (i + 1) + "/");
        }
    }

    @Test
    @Row(82)
    void tokensOfSeveralClientsInterleave() throws Exception {
        CompletableFuture<HttpResponse<String>> slow = calls.begin("tokens", wish("a", 30));
        CompletableFuture<HttpResponse<String>> quick = calls.begin("tokens", wish("b", 4));
        HttpResponse<String> first = get(quick);

        assertThat(slow).as("the long one goes on when the short one has ended").isNotDone();
        hasTokens(first.body(), "b", 4);
        hasTokens(get(slow).body(), "a", 30);
        assertThat(first.body()).contains("/2;");
        assertThat(get(slow).body()).contains("/2;").endsWith("a30/1;");
    }

    @Test
    @Row(82)
    void oneThatCameLaterTakesAFreeSlotAtOnce() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> begun = List.of(
                calls.begin("tokens", wish("a", 20)),
                calls.begin("tokens", wish("b", 20)),
                calls.begin("tokens", wish("c", 5)),
                calls.begin("tokens", wish("d", 5)));
        hasTokens(get(begun.get(3)).body(), "d", 5);
        assertThat(begun.get(0)).isNotDone();
        hasTokens(get(begun.get(2)).body(), "c", 5);
        for (int i = 0; i < 2; i++) {
            hasTokens(get(begun.get(i)).body(), i == 0 ? "a" : "b", 20);
        }
    }

    @Test
    @Row(82)
    void aClientThatHangsUpFreesItsSlot() throws Exception {
        CompletableFuture<HttpResponse<String>> watched = calls.begin("tokens", wish("w", 60));
        try (Socket leaving = open(wish("gone", 100_000))) {
            assertThat(leaving.getInputStream().read(new byte[512])).isPositive();
        }
        await().atMost(Duration.ofSeconds(10)).until(watched::isDone);

        String body = get(watched).body();
        hasTokens(body, "w", 60);
        assertThat(body).contains("/2;").endsWith("w60/1;");
    }

    private Socket open(String body) throws IOException {
        URI uri = server.inference("/predictions/tokens");
        Socket socket = new Socket(uri.getHost(), uri.getPort());
        socket.setSoTimeout(30_000);
        socket.getOutputStream()
                .write(("POST " + uri.getRawPath() + " HTTP/1.1\r\nhost: h\r\ncontent-length: " + body.length()
                                + "\r\n\r\n" + body)
                        .getBytes(ISO_8859_1));
        return socket;
    }

    @Test
    void aStepThatFailsEndsTheRunningOnesAndNoLaterOne() throws Exception {
        try (Socket running = open(wish("a", 400))) {
            assertThat(running.getInputStream().read(new byte[512])).isPositive();
            HttpResponse<String> failed = calls.predict("tokens", "{\"name\": \"f\", \"tokens\": 5, \"fail\": 1}");

            Calls.isError(failed, 503, "Prediction failed");
            assertThat(new String(running.getInputStream().readAllBytes(), ISO_8859_1))
                    .as("what had begun is broken off: no last chunk, and no second status")
                    .contains("a2/")
                    .doesNotContain("a400/", "\r\n0\r\n", "HTTP/1.1");
        }
        hasTokens(calls.predict("tokens", wish("b", 3)).body(), "b", 3);
    }
}
