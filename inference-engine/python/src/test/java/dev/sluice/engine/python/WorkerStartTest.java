// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class WorkerStartTest {
    @TempDir
    Path folder;

    private Bench bench;

    @BeforeEach
    void open() {
        bench = new Bench(folder);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private void refuses(String start, ErrorCode code, String message) {
        bench.workers.put("START", start);
        ThrowingCallable attempt = () -> bench.load().newInstance();
        assertThatThrownBy(attempt)
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(message);
    }

    @Test
    void saysWhatTheWorkerComplainedOf() {
        refuses(
                "dies",
                ErrorCode.LOAD_FAILED,
                "The worker ended before it had loaded the model: exit code 3: ImportError: no module named 'nothing'");
    }

    @Test
    void saysThatItEndedWhileLoading() {
        refuses("load-dies", ErrorCode.LOAD_FAILED, "The worker ended before it had loaded the model: exit code 137");
    }

    @Test
    void handsOnWhyTheHandlerCannotBeLoadedButNoPaths() {
        refuses(
                "load-500",
                ErrorCode.LOAD_FAILED,
                "The worker could not load the model: RuntimeError: no weights in (path)");
        refuses("load-507", ErrorCode.OUT_OF_MEMORY, "The worker could not load the model: System out of memory");
    }

    @Test
    void refusesANonsensicalReplyToLoad() {
        refuses(
                "load-nonsense",
                ErrorCode.LOAD_FAILED,
                "The worker could not be started: code of a reply: -1 (expected: 1..9999)");
    }

    @Test
    void givesUpWhenTheTimeIsOver() {
        bench.startup = Duration.ofSeconds(1);
        String message = "The worker had not loaded the model after 1 s (startupTimeout)";
        refuses("deaf", ErrorCode.LOAD_FAILED, message);
        refuses("load-hangs", ErrorCode.LOAD_FAILED, message);
    }

    /** Seen to fail, by a message, when nobody looked who listens. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void saysNothingToSomebodyElseWhoListensOnItsPort() throws Exception {
        bench.unixSockets = false;
        bench.startup = Duration.ofSeconds(3);
        bench.workers.put("START", "deaf");
        CompletableFuture<ModelInstance> start =
                CompletableFuture.supplyAsync(() -> bench.load().newInstance());
        await().until(() -> bench.lines.stream().anyMatch(line -> line.contains("--port ")));
        String line = bench.lines.stream()
                .filter(each -> each.contains("--port "))
                .findFirst()
                .orElseThrow();
        int port = Integer.parseInt(line.replaceAll(".*--port (\\d+).*", "$1"));
        try (ServerSocket stranger = new ServerSocket(port, 1000, InetAddress.getLoopbackAddress())) {
            assertThat(start).failsWithin(Duration.ofSeconds(20));
            stranger.setSoTimeout(1);
            assertThat(said(stranger)).isZero();
        }
    }

    /** How many bytes came over all connections that were made. */
    private static int said(ServerSocket to) throws IOException {
        int bytes = 0;
        while (true) {
            try (Socket connection = to.accept()) {
                bytes += connection.getInputStream().readAllBytes().length;
            } catch (SocketTimeoutException nobodyIsLeft) {
                return bytes;
            }
        }
    }

    @Test
    void passesOverAPortThatIsTaken() throws Exception {
        bench.unixSockets = false;
        PythonModelLoader loader = bench.loader();
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9000));
            ModelInstance instance = loader.load(bench.spec()).newInstance();
            assertThat(bench.lines).anyMatch(line -> line.contains("--port 90") && !line.contains("--port 9000"));
            instance.close();
        }
    }

    /** Seen to fail when nobody looked for it. */
    @Test
    void deletesTheSharedMemoryOfAServerThatIsGone() throws Exception {
        Path left = Files.createFile(Files.createDirectories(bench.sockets()).resolve("sluice-2147483647-1.worker"));
        Path other = Files.createFile(
                bench.sockets().resolve("sluice-" + ProcessHandle.current().pid() + "-1.worker"));
        ModelInstance instance = bench.load().newInstance();
        instance.close();
        assertThat(left).doesNotExist();
        assertThat(other).exists();
        Files.delete(other);
    }

    /** Seen to fail when the connection of a worker that could not load was left open. */
    @Test
    void leavesNothingBehindWhenStartsFail() throws IOException {
        bench.startup = Duration.ofMillis(400);
        bench.sharedMemory = 1 << 20;
        String[] ways = {"dies", "load-dies", "load-500", "load-nonsense", "load-hangs"};
        LoadedModel[] models = new LoadedModel[ways.length];
        PythonModelLoader loader = bench.loader();
        for (int i = 0; i < ways.length; i++) {
            bench.workers.put("START", ways[i]);
            models[i] = loader.load(bench.spec());
        }
        tryAll(models);
        int files = openFiles();
        int threads = workerThreads();
        for (int round = 0; round < 10; round++) {
            tryAll(models);
        }
        assertThat(openFiles()).isLessThanOrEqualTo(files + 2);
        assertThat(workerThreads()).isEqualTo(threads);
        try (var left = Files.list(bench.sockets())) {
            assertThat(left.toList()).isEmpty();
        }
        assertThat(ProcessHandle.current().descendants()).isEmpty();
    }

    private static void tryAll(LoadedModel[] models) {
        for (LoadedModel model : models) {
            assertThatThrownBy(model::newInstance).isInstanceOf(ServingException.class);
        }
    }

    private static int openFiles() {
        String[] files = new File("/proc/self/fd").list();
        return files == null ? 0 : files.length;
    }

    private static int workerThreads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("W-"))
                .count();
    }

    @Test
    void movesSocketsIfTheirPathIsTooLong() {
        Bench deep = new Bench(folder.resolve("x".repeat(100)));
        assertThat(deep.folder.toFile().mkdirs()).isTrue();
        ModelInstance instance = deep.load().newInstance();
        instance.close();
        assertThat(deep.sockets()).doesNotExist();
        deep.close();
    }

    @Test
    void keepsSocketsForItsOwnUser() throws IOException {
        ModelInstance instance = bench.load().newInstance();
        assertThat(Files.getPosixFilePermissions(bench.sockets()).toString())
                .doesNotContain("GROUP")
                .doesNotContain("OTHERS");
        instance.close();
    }
}
