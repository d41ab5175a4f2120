// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of the workers when their server goes: nothing, however it went; and what comes back with it. */
class PythonOrphansIT {
    @TempDir
    private Path folder;

    private Path store;

    @BeforeEach
    void pack() throws IOException {
        store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.pack(store, "m", "probe.py", "minWorkers: 3\nmaxWorkers: 3\n");
        Files.createDirectory(folder.resolve("tmp"));
    }

    private SluiceServer start(String... flags) {
        List<String> all = new ArrayList<>(List.of("--set", "drain_delay=0"));
        all.addAll(List.of(flags));
        return SluiceServer.startWith(
                "-Djava.io.tmpdir=" + folder.resolve("tmp"), store, folder.resolve("log"), all.toArray(String[]::new));
    }

    @Test
    void workersDieWithAServerThatWasKilledEvenThoseThatWork() throws Exception {
        try (SluiceServer server = start("--models", "m.mar")) {
            Calls calls = new Calls(server);
            List<Long> workers = calls.workers("m");
            assertThat(workers).hasSize(3).allMatch(Processes::runs);
            List<Long> all = Processes.below(server);
            Path begun = folder.resolve("begun");
            CompletableFuture<HttpResponse<String>> unused = calls.beginRun("m", """
                    import signal
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    open("%s", "w").close()
                    time.sleep(600)
                    """.formatted(begun));
            await().atMost(Duration.ofSeconds(10)).until(() -> Files.exists(begun));
            server.kill();

            Processes.awaitGone(all, Duration.ofSeconds(10));
        }
    }

    @Test
    void nothingIsLeftOfWorkersWhenTheServerWasStopped() throws Exception {
        List<Long> all;
        try (SluiceServer server = start("--models", "m.mar")) {
            assertThat(new Calls(server).run("m", "return 'x'").body()).isEqualTo("x");
            all = Processes.below(server);
            assertThat(all).hasSizeGreaterThanOrEqualTo(3);
            server.terminate();
            assertThat(server.awaitExit()).isZero();
        }
        Processes.awaitGone(all, Duration.ofSeconds(2));
        assertThat(Processes.sockets(folder)).isEmpty();
    }

    @Test
    @Row(84)
    void aRestartHasTheModelsThatWereRegisteredWithTheirWorkers() throws Exception {
        String[] kept = {"--set", "snapshots=true", "--set", "snapshot_dir=" + folder.resolve("config")};
        try (SluiceServer server = start(kept)) {
            Calls calls = new Calls(server);
            assertThat(calls.manage(
                                    "POST",
                                    "/models?url=m.mar&model_name=named&initial_workers=2&synchronous=true&batch_size=3")
                            .statusCode())
                    .isEqualTo(200);
            server.kill();
        }
        try (SluiceServer server = start(kept)) {
            Calls calls = new Calls(server);
            calls.awaitWorkers(
                    "named", calls.describe("named").path("minWorkers").asInt(), List.of());
            assertThat(calls.run("named", "return context.model_name").body()).isEqualTo("named");
        }
    }
}
