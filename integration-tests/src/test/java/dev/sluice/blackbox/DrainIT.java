// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.blackbox.Digits.Digit;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrainIT {
    private static final int CLIENTS = 16;

    /** Requests each client has had answered when the signal comes. */
    private static final int REQUESTS_BEFORE_SIGNAL = 50;

    /** Bounds the loop of a client that is never refused. */
    private static final int MOST_REQUESTS = 1_000_000;

    @Test
    void answersEveryRequestItTookAndLeavesNothingBehind(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Digits.pack(store, "digits", "digits.onnx");
        try (SluiceServer server = SluiceServer.start(
                store, folder.resolve("log"), "--models", "digits.mar", "--set", "work_dir=" + temporary)) {
            URI inference = server.inference("/predictions/digits");
            hammerWhileStopping(server, inference);

            assertThat(server.awaitExit()).isZero();
            assertThat(temporary).as("unpacked models").isEmptyDirectory();
            for (URI listener : List.of(inference, server.management("/"), server.metrics("/"))) {
                assertThatPortIsFree(listener.getPort());
            }
        }
    }

    private static void hammerWhileStopping(SluiceServer server, URI inference) throws Exception {
        CountDownLatch warm = new CountDownLatch(CLIENTS);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                results.add(clients.submit(() -> requestUntilRefused(inference, warm)));
            }
            assertThat(warm.await(60, TimeUnit.SECONDS)).isTrue();
            server.terminate();
            for (Future<Integer> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(REQUESTS_BEFORE_SIGNAL);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    /** Any end but a refused connection is a request that was taken and dropped. */
    private static int requestUntilRefused(URI uri, CountDownLatch warm) throws IOException, InterruptedException {
        Client client = new Client();
        List<Digit> digits = Digits.all();
        for (int answered = 0; answered < MOST_REQUESTS; answered++) {
            if (answered == REQUESTS_BEFORE_SIGNAL) {
                warm.countDown();
            }
            Digit digit = digits.get(answered % digits.size());
            try {
                HttpResponse<String> answer = client.post(uri, digit.image());
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(digit.deviation(answer.body())).isLessThan(2e-2);
            } catch (ConnectException refused) {
                return answered;
            }
        }
        throw new IllegalStateException("never refused");
    }

    private static void assertThatPortIsFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            // As a restarted server would: connections of the old one may still be in TIME_WAIT.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }
    }
}
