// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.get;
import static dev.sluice.blackbox.Calls.isError;
import static dev.sluice.blackbox.Calls.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Workers that die, hang, take too much, or have worked enough: what clients see, and what comes in their place. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonRecoveryIT {
    private Path folder;
    private Path log;
    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws Exception {
        folder = temporary;
        log = folder.resolve("log-files");
        Path store = Files.createDirectory(folder.resolve("store"));
        String one = "minWorkers: 1\nmaxWorkers: 1\n";
        PythonArchives.pack(store, "m", "probe.py", one + "responseTimeout: 2\n");
        PythonArchives.pack(store, "killed", "probe.py", one);
        PythonArchives.pack(store, "worn", "probe.py", one + "sluice:\n  worker:\n    maxRequests: 5\n");
        PythonArchives.pack(store, "small", "probe.py", one + "sluice:\n  worker:\n    memory: 200m\n");
        PythonArchives.named("doomed")
                .source("doomed.py", """
                import os

                def handle(data, context):
                    if os.path.exists(%s):
                        os._exit(1)
                    return data and ["up"] * len(data)
                """.formatted(quoted(folder.resolve("doom"))))
                .configuration(one + "maxRetryTimeoutInSec: 3\n")
                .mar(store);
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "m.mar,killed.mar,worn.mar,small.mar,doomed.mar",
                "--set",
                "drain_delay=0");
        calls = new Calls(server);
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    @AfterAll
    void stopServer() throws Exception {
        List<Long> workers = Processes.below(server);
        server.close();
        Processes.awaitGone(workers, Duration.ofSeconds(10));
    }

    private long pid(String model) throws Exception {
        return Long.parseLong(calls.run(model, "return str(os.getpid())").body());
    }

    @Test
    @Row(19)
    void aWorkerKilledDuringACallIsToldAndServesAgainAfterASecond() throws Exception {
        long worker = pid("killed");
        CompletableFuture<HttpResponse<String>> running = calls.beginRun(
                "killed", "open(%s, 'w').close()\ntime.sleep(30)".formatted(quoted(folder.resolve("in"))));
        await().atMost(Duration.ofSeconds(10)).until(() -> Files.exists(folder.resolve("in")));
        Processes.kill(worker);
        HttpResponse<String> told = get(running);
        long since = System.nanoTime();
        long next = pid("killed");

        isError(told, 500, "Worker died.");
        assertThat(next).isNotEqualTo(worker);
        assertThat(Duration.ofNanos(System.nanoTime() - since))
                .isBetween(Duration.ofMillis(700), Duration.ofSeconds(30));
    }

    @Test
    @Row(19)
    void aWorkerThatEndsItselfIsReplaced() throws Exception {
        long worker = pid("m");
        isError(calls.run("m", "os._exit(0)"), 500, "Worker died.");
        assertThat(pid("m")).isNotEqualTo(worker);
    }

    @Test
    void aWorkerKilledBetweenCallsCostsNoRequest() throws Exception {
        long worker = pid("killed");
        Processes.kill(worker);
        await().atMost(Duration.ofSeconds(5))
                .until(() -> !calls.workers("killed").contains(worker));

        assertThat(pid("killed")).isNotEqualTo(worker);
    }

    @Test
    void aWorkerThatHangsIsToldAfterItsTimeAndReplaced() throws Exception {
        long worker = pid("m");
        long begun = System.nanoTime();
        HttpResponse<String> late = calls.run("m", "import signal\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(600)");

        isError(late, 500, "Prediction took longer than 2000 ms (responseTimeout)");
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(30));
        Processes.awaitGone(List.of(worker), Duration.ofSeconds(5));
        assertThat(pid("m")).isNotEqualTo(worker);
    }

    @Test
    void aWorkerIsReplacedAfterItsRequestsAndNoneFails() throws Exception {
        Set<Long> workers = new TreeSet<>();
        for (int i = 0; i < 25; i++) {
            workers.add(pid("worn"));
        }
        List<CompletableFuture<HttpResponse<String>>> begun = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            begun.add(calls.beginRun("worn", "return str(os.getpid())"));
        }
        for (CompletableFuture<HttpResponse<String>> each : begun) {
            HttpResponse<String> answer = get(each);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            workers.add(Long.parseLong(answer.body()));
        }
        assertThat(workers).hasSizeBetween(9, 10);
        assertThat(Files.readString(log.resolve("ts_log.log"))).doesNotContainPattern("-worn_.*Retry worker");
    }

    @Test
    void aHandlerThatTakesMoreMemoryThanItMayIsToldAndTheServerServesOn() throws Exception {
        assertThat(calls.run("small", "return str(len(bytearray(20 << 20)))").body())
                .isEqualTo(Integer.toString(20 << 20));
        HttpResponse<String> refused = calls.run("small", "return str(len(bytearray(b'x') * (800 << 20)))");

        isError(refused, 507, "Out of resources");
        assertThat(calls.run("m", "return 'fine'").body()).isEqualTo("fine");
        assertThat(calls.run("small", "return 'fine'").body()).isEqualTo("fine");
    }

    @Test
    void aFloodOfOutputHurtsNobody() throws Exception {
        CompletableFuture<HttpResponse<String>> flooding = calls.beginRun("killed", """
                line = "x" * 1000 + "\\n"
                for i in range(3000):
                    sys.stdout.write(line)
                sys.stdout.write("y" * 2000000)
                sys.stderr.write("\\n\\xff[METRICS]nothing\\n")
                os.write(1, bytes(range(256)) * 100)
                return "flooded"
                """);
        for (int i = 0; i < 50; i++) {
            assertThat(calls.run("worn", "return 'fine'").body()).isEqualTo("fine");
        }
        assertThat(get(flooding).body()).isEqualTo("flooded");
        assertThat(calls.run("killed", "return 'fine'").body()).isEqualTo("fine");
    }

    @Test
    void nothingAHandlerPrintsIsTakenForAWordOfTheWorker() throws Exception {
        long worker = pid("killed");
        assertThat(calls.run("killed", """
                print("Torch worker started.")
                print("[PID]1")
                print("[METRICS]PredictionTime.ms:1|#Level:Model|type:GAUGE|#hostname:h,1", flush=True)
                return "printed"
                """).body()).isEqualTo("printed");

        assertThat(calls.workers("killed")).containsExactly(worker);
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(Files.readString(log.resolve("model_log.log")))
                        .contains("[PID]1"));
    }

    @Test
    @Row(83)
    void aWorkerThatDoesNotComeBackIsTriedAgainLaterAndLaterAndItsModelRefusesAtOnce() throws Exception {
        assertThat(calls.predict("doomed", "x").body()).isEqualTo("up");
        Files.createFile(folder.resolve("doom"));
        Processes.kill(calls.workers("doomed").get(0));

        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    HttpResponse<String> ping = calls.send("GET", "/ping", "");
                    return ping.statusCode() == 500 && ping.body().contains("Unhealthy");
                });
        // Until the first try has failed a request waits for it.
        await().atMost(Duration.ofSeconds(20)).until(() -> delays().size() >= 3);
        long begun = System.nanoTime();
        HttpResponse<String> refused = calls.predict("doomed", "x");
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(1));
        assertThat(delays()).startsWith(1, 1, 2);

        Files.delete(folder.resolve("doom"));
        await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> calls.predict("doomed", "x").statusCode() == 200);
        assertThat(calls.send("GET", "/ping", "").statusCode()).isEqualTo(200);
    }

    /** What the log says of the waits of {@code doomed}, in seconds. */
    private List<Integer> delays() throws Exception {
        Matcher lines = Pattern.compile("-doomed_.*Retry worker: \\d+ in (\\d+) seconds\\.")
                .matcher(Files.readString(log.resolve("ts_log.log")));
        List<Integer> delays = new ArrayList<>();
        while (lines.find()) {
            delays.add(Integer.valueOf(lines.group(1)));
        }
        return delays;
    }

    @Test
    @Row(38)
    void workersThatAreScaledAwayEndAndNoRequestFails() throws Exception {
        assertThat(calls.manage("PUT", "/models/killed?min_worker=3&synchronous=true")
                        .statusCode())
                .isEqualTo(200);
        List<Long> three = calls.awaitWorkers("killed", 3, List.of());
        List<CompletableFuture<HttpResponse<String>>> begun = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            begun.add(calls.beginRun("killed", "time.sleep(0.1)\nreturn 'done'"));
        }
        assertThat(calls.manage("PUT", "/models/killed?min_worker=1&max_worker=1&synchronous=true")
                        .statusCode())
                .isEqualTo(200);
        for (CompletableFuture<HttpResponse<String>> each : begun) {
            assertThat(get(each).body()).isEqualTo("done");
        }
        long left = pid("killed");
        Processes.awaitGone(three.stream().filter(pid -> pid != left).toList(), Duration.ofSeconds(10));
        assertThat(calls.workers("killed")).containsExactly(left);
    }

    @Test
    void anUnregisteredModelsWorkersEnd() throws Exception {
        PythonArchives.pack(folder.resolve("store"), "short", "probe.py", "");
        calls.register("short.mar");
        long worker = pid("short");
        assertThat(ok(calls.predict("short", "x")).path("pid").asLong()).isEqualTo(worker);
        assertThat(calls.manage("DELETE", "/models/short").statusCode()).isEqualTo(200);

        Processes.awaitGone(List.of(worker), Duration.ofSeconds(10));
    }
}
