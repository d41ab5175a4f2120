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
