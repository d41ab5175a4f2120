// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.server.transport.http.LeakGuard;
import dev.sluice.server.transport.http.RawClient;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * I12: after random traffic with clients that leave at any byte of request or answer, all reference counts are zero and so is
 * the budget. Seen to fail when a body that is cut off does not give its reservation back, when requests that wait are dropped
 * without their bodies, and when only an answer that was written is released.
 */
@ExtendWith(LeakGuard.class)
@Timeout(120)
final class QuiescenceTest {
    private static final int CLIENTS = 8;
    private static final int ROUNDS = 80;

    private static final String[] REQUESTS = {
        post("echo", "content-type: application/json\r\n", "[1, 2, 3]".repeat(400)),
        post("echo", "content-type: multipart/form-data; boundary=B\r\n", multipart()),
        post("echo", "content-type: application/x-www-form-urlencoded\r\n", "a=1&b=" + "x".repeat(3000)),
        "PUT /predictions/echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
                + ("200\r\n" + "y".repeat(512) + "\r\n").repeat(5) + "0\r\n\r\n",
        post("failing", "", "z".repeat(2000)),
        post("tensor", "", "t"),
        post("nobody", "", "n".repeat(1000)),
        "GET /ping HTTP/1.1\r\n\r\n"
    };

    private final MemoryBudget budget = new MemoryBudget(32 << 10);
    private final MemoryLedger ledger = new MemoryLedger();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicLong most = new AtomicLong();

    private static String multipart() {
        return "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"f\"\r\n\r\n" + "p".repeat(2500)
                + "\r\n--B\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\nq\r\n--B--";
    }

    private static String post(String model, String headers, String body) {
        return "POST /predictions/" + model + " HTTP/1.1\r\n" + headers + "content-length: " + body.length()
                + "\r\n\r\n" + body;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void i12LeavesNothingBehindWhenClientsLeaveAtAnyByte(long seed) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        HttpLimits limits = HttpLimits.defaults().withMaxRequestBytes(4096);
        try (FakeServer server = new FakeServer(true, limits, budget, ledger)) {
            server.with("echo.mar", 2).with("failing.mar", 1).with("tensor.mar", 1);
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(seed * CLIENTS + i);
                done.add(clients.submit(() -> storm(server, random)));
            }
            for (Future<?> client : done) {
                client.get(60, TimeUnit.SECONDS);
            }
            Awaitility.await().untilAsserted(() -> {
                assertThat(server.connectionCount()).isZero();
                assertThat(budget.reserved()).isZero();
                assertThat(ledger.outstanding()).isZero();
            });
        } finally {
            clients.shutdownNow();
        }
        assertThat(ledger.leaks()).isZero();
        assertThat(answers).as("there was traffic").hasValueGreaterThan(CLIENTS * ROUNDS / 4);
        assertThat(refusals).as("the budget was used up now and then").hasValueGreaterThan(0);
        assertThat(most).hasValueLessThanOrEqualTo(budget.limit());
    }

    private void storm(FakeServer server, Random random) {
        for (int round = 0; round < ROUNDS; round++) {
            try (RawClient client = server.client(Plane.INFERENCE)) {
                talk(client, random);
            } catch (UncheckedIOException e) {
                // The server may close first.
                assertThat(e).hasMessageNotContaining("timed out");
            }
        }
    }

    private void talk(RawClient client, Random random) {
        for (int more = 1 + random.nextInt(4); more > 0; more--) {
            byte[] request = REQUESTS[random.nextInt(REQUESTS.length)].getBytes(StandardCharsets.ISO_8859_1);
            if (random.nextInt(3) == 0) {
                client.send(Arrays.copyOf(request, random.nextInt(request.length)));
                return;
            }
            int cut = random.nextInt(request.length);
            client.send(Arrays.copyOf(request, cut));
            most.accumulateAndGet(budget.reserved(), Math::max);
            client.send(Arrays.copyOfRange(request, cut, request.length));
            if (random.nextInt(3) == 0) {
                continue;
            }
            if (random.nextInt(3) == 0) {
                // Gone with the answer half read, or before it is there.
                client.receiveBytes(random.nextInt(300));
                return;
            }
            answers.incrementAndGet();
            if (client.receive().status() == 503) {
                refusals.incrementAndGet();
            }
        }
    }
}
