// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.LeakGuard;
import dev.sluice.server.transport.http.RawClient;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Broken requests: each is answered as the client's fault, or the connection ends; nothing hangs and nothing leaks. */
@ExtendWith(LeakGuard.class)
@Timeout(120)
final class TorchServeFuzzTest {
    private static final int ROUNDS = 60;
    private static final int CLIENTS = 8;

    private static final String CHUNKS = "7\r\na=1&b=%\r\n2\r\n41\r\n0\r\n\r\n";

    private static final String[] INFERENCE = {
        "POST /predictions/echo/1.0/a%20b?x=%41 HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
                + "content-length: 7\r\n\r\n{\"a\":1}",
        "POST /predictions/echo HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=B\r\ncontent-length: 86\r\n\r\n"
                + "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"f\"\r\n\r\npixels-pixels\r\n--B--",
        "PUT /predictions/echo HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n"
                + CHUNKS,
        "POST /v1/models/echo:predict HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}",
        "GET /echo/1.0/predict?data=x&data=%41 HTTP/1.1\r\n\r\n",
        "POST /invocations?model_name=echo HTTP/1.1\r\ncontent-length: 1\r\n\r\nx",
        "OPTIONS /predictions/echo/1.0 HTTP/1.1\r\n\r\n",
        "POST /predictions/nobody HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\nx"
    };

    private static final String[] MANAGEMENT = {
        "POST /models HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 45\r\n\r\n"
                + "{\"url\": \"nothing\", \"batch_size\": 1, \"x\": null}",
        "PUT /models/parked/1.0?min_worker=0&max_worker=0 HTTP/1.1\r\n\r\n",
        "GET /models?limit=1&next_page_token=0 HTTP/1.1\r\n\r\n",
        "DELETE /models/nobody HTTP/1.1\r\nconnection: close\r\n\r\n",
        "PUT /models/parked/1.0/set-default HTTP/1.1\r\n\r\n"
    };

    /** Ends the connection, if what came before was whole. */
    private static final String LAST = "GET /nope HTTP/1.1\r\nconnection: close\r\n\r\n";

    private final AtomicInteger answers = new AtomicInteger();

    /** Short, so that what is not whole is soon given up. */
    private static final Duration PATIENCE = Duration.ofMillis(100);

    private static final HttpLimits LIMITS = new HttpLimits(
            4096,
            1024,
            2048,
            20,
            4,
            100,
            4096,
            1024,
            PATIENCE,
            PATIENCE,
            PATIENCE,
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            PATIENCE);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void survivesMutatedRequests(long seed) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (FakeServer server = new FakeServer(true, LIMITS)) {
            server.with("echo.mar", 1).with("parked.mar", 0);
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(seed * CLIENTS + i);
                done.add(clients.submit(() -> hammer(server, random)));
            }
            for (Future<?> client : done) {
                client.get(60, TimeUnit.SECONDS);
            }
            assertThat(answers).as("most rounds are answered").hasValueGreaterThan(ROUNDS * CLIENTS);
            Awaitility.await().until(() -> server.connectionCount() == 0);
            try (RawClient client = server.client(Plane.INFERENCE)) {
                client.send("POST /predictions/echo HTTP/1.1\r\ncontent-length: 1\r\n\r\nx");
                assertThat(client.receive().body()).isEqualTo("body [] x");
            }
        } finally {
            clients.shutdownNow();
        }
    }

    private void hammer(FakeServer server, Random random) {
        for (int round = 0; round < ROUNDS; round++) {
            boolean inference = random.nextBoolean();
            String[] corpus = inference ? INFERENCE : MANAGEMENT;
            byte[] request = mutated(corpus[random.nextInt(corpus.length)], random);
            send(server, inference ? Plane.INFERENCE : Plane.MANAGEMENT, request);
        }
    }

    private static byte[] mutated(String text, Random random) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        for (int edits = 1 + random.nextInt(4); edits > 0; edits--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] = (byte) "\r\n :/%&={}\"\u0000".charAt(random.nextInt(12));
                case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
                default -> {
                    byte[] longer = Arrays.copyOf(bytes, bytes.length + 8);
                    System.arraycopy(bytes, at, longer, at + 8, bytes.length - at);
                    bytes = longer;
                }
            }
        }
        return bytes;
    }

    /** Sends the bytes; every answer up to the end of the connection must blame the client, and the end must come. */
    private void send(FakeServer server, Plane plane, byte[] request) {
        try (RawClient client = server.client(plane)) {
            client.send(request);
            client.send(LAST);
            for (RawClient.Response response = client.receive(); ; response = client.receive()) {
                answers.incrementAndGet();
                assertThat(response.status())
                        .as(new String(request, StandardCharsets.ISO_8859_1) + "\n" + response.body())
                        .isLessThan(500);
            }
        } catch (UncheckedIOException e) {
            assertThat(e).hasMessageNotContaining("timed out");
        }
    }
}
