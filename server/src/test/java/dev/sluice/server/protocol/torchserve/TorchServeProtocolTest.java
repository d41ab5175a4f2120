// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.LeakGuard;
import dev.sluice.server.transport.http.RawClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What takes more than one connection at a time; the rest is in the golden files. */
@ExtendWith(LeakGuard.class)
@Timeout(60)
final class TorchServeProtocolTest {
    private final FakeServer server = new FakeServer(true);

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void refusesWhatTheQueueDoesNotHold() {
        server.with("held.mar", 1);
        String request = "POST /predictions/held HTTP/1.1\r\ncontent-length: 1\r\n\r\nx";
        try (RawClient running = server.client(Plane.INFERENCE);
                RawClient waiting = server.client(Plane.INFERENCE);
                RawClient refused = server.client(Plane.INFERENCE)) {
            running.send(request);
            // The first has left the queue, of one place, when the second is in it and stays there.
            Awaitility.await().until(() -> server.isTaken("held"));
            waiting.send(request);
            Awaitility.await().until(() -> server.waiting("held") == 1);

            refused.send(request);

            RawClient.Response response = refused.receive();
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.header("retry-after")).contains("1");
            assertThat(response.body())
                    .contains("\"type\": \"ServiceUnavailableException\"")
                    .contains("overloaded");
            server.permit(2);
            assertThat(running.receive().body()).isEqualTo("done");
            assertThat(waiting.receive().body()).isEqualTo("done");
        }
    }

    @Test
    void dropsQueuedRequestOfClientThatWentAway() {
        server.with("held.mar", 1);
        String request = "POST /predictions/held HTTP/1.1\r\ncontent-length: 1\r\n\r\nx";
        try (RawClient running = server.client(Plane.INFERENCE)) {
            running.send(request);
            Awaitility.await().until(() -> server.isTaken("held"));
            RawClient gone = server.client(Plane.INFERENCE);
            gone.send(request);
            Awaitility.await().until(() -> server.waiting("held") == 1);
            gone.close();
            Awaitility.await().until(() -> server.connectionCount() == 1);

            server.permit(1);

            assertThat(running.receive().body()).isEqualTo("done");
            Awaitility.await().until(() -> server.waiting("held") == 0);
            running.send(request);
            server.permit(1);
            assertThat(running.receive().body())
                    .as("the one permit was not used up")
                    .isEqualTo("done");
        }
    }

    private static String prediction(String body, String... headers) {
        return "POST /predictions/ranked HTTP/1.1\r\ncontent-length: " + body.length() + "\r\n"
                + String.join("", headers) + "\r\n" + body;
    }

    private void queue(RawClient client, String request, int position) {
        client.send(request);
        Awaitility.await().until(() -> server.waiting("ranked") == position);
    }

    /** Planted: the header read as seconds. */
    @Test
    void answersWithinTheTimeTheClientGivesWhileTheEngineIsBusy() {
        server.with("ranked.mar", 1);
        try (RawClient running = server.client(Plane.INFERENCE);
                RawClient impatient = server.client(Plane.INFERENCE)) {
            running.send(prediction("first"));
            Awaitility.await().until(() -> server.isTaken("ranked"));

            impatient.send(prediction("second", "x-sluice-timeout-ms: 20\r\n"));

            RawClient.Response response = impatient.receive();
            assertThat(response.status()).isEqualTo(408);
            assertThat(response.body()).contains("The deadline passed");
            server.permit(1);
            assertThat(running.receive().body()).contains("first");
        }
    }

    /** Planted: the header not read. */
    @Test
    void servesHigherPrioritiesFirst() {
        server.with("ranked.mar", 1);
        try (RawClient running = server.client(Plane.INFERENCE);
                RawClient low = server.client(Plane.INFERENCE);
                RawClient high = server.client(Plane.INFERENCE)) {
            running.send(prediction("first"));
            Awaitility.await().until(() -> server.isTaken("ranked"));
            queue(low, prediction("low"), 1);
            queue(high, prediction("high", "X-Sluice-Priority: 1\r\n"), 2);

            server.permit(2);

            assertThat(high.receive().body()).contains("high");
            Awaitility.await().until(() -> server.isTaken("ranked"));
            server.permit(1);
            assertThat(low.receive().body()).contains("low");
        }
    }

    /** Planted: one tenant for all. */
    @Test
    void sharesAModelFairlyAmongTenants() {
        server.with("ranked.mar", 1);
        try (RawClient running = server.client(Plane.INFERENCE);
                RawClient greedy = server.client(Plane.INFERENCE);
                RawClient modest = server.client(Plane.INFERENCE);
                RawClient second = server.client(Plane.INFERENCE)) {
            running.send(prediction("first", "X-Team: a\r\n"));
            Awaitility.await().until(() -> server.isTaken("ranked"));
            queue(greedy, prediction("greedy 1", "X-Team: a\r\n"), 1);
            queue(second, prediction("greedy 2", "X-Team: a\r\n"), 2);
            queue(modest, prediction("modest", "X-Team: b\r\n"), 3);

            server.permit(3);

            assertThat(modest.receive().body()).contains("modest");
            Awaitility.await().until(() -> server.isTaken("ranked"));
            server.permit(1);
            assertThat(second.receive().body()).contains("greedy 2");
        }
    }

    /** Planted: the body kept when a header is refused, which the leak guard sees. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            X-Sluice-Timeout-Ms: soon | X-Sluice-Timeout-Ms: soon (expected: a whole number, 1..86400000, milliseconds)
            X-Sluice-Timeout-Ms: 0    | X-Sluice-Timeout-Ms: 0 (expected: a whole number, 1..86400000, milliseconds)
            X-Sluice-Timeout-Ms: 1e3  | X-Sluice-Timeout-Ms: 1e3 (expected: a whole number, 1..86400000, milliseconds)
            X-Sluice-Priority: -1     | X-Sluice-Priority: -1 (expected: a whole number, 1..1000, 1 being served first)
            X-Sluice-Priority: 1001   | X-Sluice-Priority: 1001 (expected: a whole number, 1..1000, 1 being served first)
            """)
    void refusesSchedulingHeadersItCannotRead(String header, String message) {
        server.with("ranked.mar", 1);
        try (RawClient client = server.client(Plane.INFERENCE)) {
            client.send(prediction("body", header + "\r\n"));

            RawClient.Response response = client.receive();
            assertThat(response.status()).isEqualTo(400);
            assertThat(response.body()).contains(message);
        }
    }

    @Test
    void refusesATenantThatIsTooLong() {
        server.with("ranked.mar", 1);
        try (RawClient client = server.client(Plane.INFERENCE)) {
            client.send(prediction("body", "X-Team: " + "a".repeat(129) + "\r\n"));

            assertThat(client.receive().body()).contains("X-Team: 129 characters (expected: at most 128)");
        }
    }

    @Test
    void scalesInTheBackground() {
        server.with("echo.mar", 1);
        try (RawClient client = server.client(Plane.MANAGEMENT)) {
            client.send("PUT /models/echo?min_worker=3 HTTP/1.1\r\n\r\n");
            assertThat(client.receive().status()).isEqualTo(202);

            Awaitility.await().untilAsserted(() -> {
                client.send("GET /models/echo HTTP/1.1\r\n\r\n");
                assertThat(client.receive().body())
                        .contains("\"minWorkers\": 3")
                        .contains("\"id\": \"3\"")
                        .doesNotContain("UNLOADING");
            });
        }
    }

    @Test
    void answersHeadLikeGetWithoutBody() {
        try (RawClient client = server.client(Plane.INFERENCE)) {
            client.send("HEAD /ping HTTP/1.1\r\n\r\nGET /ping HTTP/1.1\r\n\r\n");

            assertThat(client.receive(true).header("content-length")).contains("26");
            assertThat(client.receive().status()).isEqualTo(200);
        }
    }
}
