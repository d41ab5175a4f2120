// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.server.protocol.Plane;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
@Timeout(60)
final class DrainTest {
    private static final Duration NONE = Duration.ZERO;
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONG = Duration.ofSeconds(20);

    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final FakeProtocol protocol = new FakeProtocol("fake")
            .echoing("POST", "/echo")
            .holding("POST", "/hold")
            .with("POST", "/later", (request, responder) -> {
                String body = FakeProtocol.take(request.body());
                workers.execute(() -> responder.respond(FakeProtocol.text(200, body)));
            });

    private HttpTransport transport;
    private InetSocketAddress address;

    @BeforeEach
    void start() {
        transport = TestTransport.start(protocol);
        address = transport.address(Plane.INFERENCE);
    }

    @AfterEach
    void stop() {
        transport.close();
        workers.shutdownNow();
    }

    private static String post(String path, String body) {
        return "POST " + path + " HTTP/1.1\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
    }

    @Test
    void endsAtOnceWithoutConnections() throws Exception {
        assertThat(transport.drain(NONE, LONG).toCompletableFuture().get(10, TimeUnit.SECONDS))
                .isTrue();
        assertThatThrownBy(() -> new RawClient(address)).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void saysCloseOnEveryAnswerAndAcceptsDuringLameDuck() throws Exception {
        try (RawClient old = new RawClient(address)) {
            old.send(post("/echo", "a"));
            assertThat(old.receive().header("connection")).contains("keep-alive");

            CompletableFuture<Boolean> drained = transport.drain(SHORT, LONG).toCompletableFuture();
            old.send(post("/echo", "b"));
            assertThat(old.receive().header("connection")).contains("close");
            assertThat(old.seesEnd()).isTrue();
            try (RawClient fresh = new RawClient(address)) {
                fresh.send(post("/echo", "c"));
                assertThat(fresh.receive().header("connection")).contains("close");
            }
            assertThat(drained.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void finishesRequestsThatWereRead() throws Exception {
        try (RawClient running = new RawClient(address);
                RawClient partial = new RawClient(address)) {
            running.send(post("/hold", "a"));
            FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);
            partial.send("POST /echo HTTP/1.1\r\ncontent-le");
            Awaitility.await().until(() -> transport.connectionCount() == 2);

            CompletableFuture<Boolean> drained = transport.drain(NONE, LONG).toCompletableFuture();
            Awaitility.await().until(() -> isRefused(address));
            partial.send("ngth: 1\r\n\r\nb");
            assertThat(partial.receive().body()).endsWith("b");
            held.respond("done");

            assertThat(running.receive().body()).isEqualTo("done");
            assertThat(drained.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void answersWholePipelineBeforeSayingClose() throws Exception {
        try (RawClient client = new RawClient(address)) {
            client.send(post("/hold", "1") + post("/echo", "2") + post("/echo", "3"));
            FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);
            CompletableFuture<Boolean> drained = transport.drain(NONE, LONG).toCompletableFuture();
            held.respond("1");

            assertThat(client.receive().header("connection")).contains("keep-alive");
            assertThat(client.receive().header("connection")).contains("keep-alive");
            assertThat(client.receive().header("connection")).contains("close");
            assertThat(drained.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void closesIdleConnectionsAfterLameDuck() throws Exception {
        try (RawClient idle = new RawClient(address)) {
            Awaitility.await().until(() -> transport.connectionCount() == 1);

            assertThat(transport.drain(SHORT, LONG).toCompletableFuture().get(10, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(idle.seesEnd()).isTrue();
        }
    }

    @Test
    void cutsWhatIsStillBusyAtTheTimeout() throws Exception {
        try (RawClient client = new RawClient(address)) {
            client.send(post("/hold", "a"));
            FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);

            assertThat(transport.drain(NONE, SHORT).toCompletableFuture().get(10, TimeUnit.SECONDS))
                    .isFalse();

            assertThat(client.seesEnd()).isTrue();
            Awaitility.await().until(() -> held.request().cancellation().isCancelled());
        }
    }

    /** Clients that never pause, each on a connection it keeps until told to close, then on a new one. */
    @RepeatedTest(5)
    void dropsNoRequestWhileClientsHammer() throws Exception {
        AtomicInteger answered = new AtomicInteger();
        List<Future<List<String>>> clients = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            clients.add(workers.submit(() -> hammer(answered)));
        }
        Awaitility.await().until(() -> answered.get() > 500);

        CompletableFuture<Boolean> drained = transport.drain(SHORT, LONG).toCompletableFuture();

        assertThat(drained.get(20, TimeUnit.SECONDS)).isTrue();
        for (Future<List<String>> client : clients) {
            assertThat(client.get(10, TimeUnit.SECONDS)).isEmpty();
        }
    }

    /** Sends until no connection is accepted any more; returns what was sent on an accepted connection and not answered. */
    private List<String> hammer(AtomicInteger answered) {
        List<String> dropped = new ArrayList<>();
        while (true) {
            boolean first = true;
            try (RawClient client = new RawClient(address)) {
                boolean open = true;
                while (open) {
                    String body = String.valueOf(answered.get());
                    client.send(post("/later", body));
                    RawClient.Response response = client.receive();
                    if (!response.body().equals(body)) {
                        dropped.add("wrong answer to " + body);
                    }
                    answered.incrementAndGet();
                    first = false;
                    open = !response.header("connection").orElse("").equals("close");
                }
            } catch (UncheckedIOException e) {
                // Refused, or set up by the system and never accepted: the listener is closed then.
                if (!first || !isRefused(address)) {
                    dropped.add(e.toString());
                }
                return dropped;
            }
        }
    }

    private static boolean isRefused(InetSocketAddress address) {
        try (RawClient probe = new RawClient(address)) {
            return false;
        } catch (UncheckedIOException e) {
            return true;
        }
    }
}
