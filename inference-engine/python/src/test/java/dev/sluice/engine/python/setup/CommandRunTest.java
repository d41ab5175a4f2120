// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandRunTest {
    @TempDir
    private Path folder;

    private static CommandRun shell(String script) {
        return new CommandRun(List.of("/bin/sh", "-c", script)).with(Map.of("PATH", "/bin:/usr/bin"));
    }

    /** More than any pipe holds: a program whose output nobody reads would wait forever. */
    @Test
    void readsMuchOutputWhileTheProgramRuns() {
        AtomicInteger lines = new AtomicInteger();
        CommandRun.Result result = shell("i=0; while [ $i -lt 20000 ]; do echo line number $i; i=$((i+1)); done; exit 3")
                .run(line -> lines.incrementAndGet());

        assertThat(result.code()).contains(3);
        assertThat(lines).hasValue(20_000);
        assertThat(result.lastLines()).hasSize(20).endsWith("line number 19999");
    }

    @Test
    void endlessLineIsCut() {
        CommandRun.Result result = shell("head -c 3000000 /dev/zero | tr '\\0' x; printf '\\n\\033[31mred\\n'").run(line -> {});

        assertThat(result.lastLines()).hasSize(2).last().isEqualTo("[31mred");
        assertThat(result.lastLines().get(0)).hasSizeLessThan(5_000);
    }

    @Test
    void programThatTakesTooLongIsKilledWithWhatItStarted() throws Exception {
        Path pid = folder.resolve("pid");
        CommandRun.Result result = shell("sleep 600 & echo $! > " + pid + "; wait")
                .within(Duration.ofMillis(500))
                .run(line -> {});

        assertThat(result.code()).isEmpty();
        Optional<ProcessHandle> child = ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()));
        if (child.isPresent()) {
            child.get().onExit().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void interruptedRunIsKilledAndStaysInterrupted() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        AtomicReference<String> end = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            CommandRun.Result result = shell("echo go; sleep 600").run(line -> running.countDown());
            end.set(result.code() + " " + Thread.currentThread().isInterrupted());
        });
        thread.start();
        assertThat(running.await(30, TimeUnit.SECONDS)).isTrue();
        thread.interrupt();
        thread.join(TimeUnit.SECONDS.toMillis(30));

        assertThat(end).hasValue("Optional.empty true");
    }

    @Test
    void childThatOutlivesItsParentHoldsNobodyUp() {
        CommandRun.Result result = shell("sleep 20 & echo done").run(line -> {});

        assertThat(result.isSuccess()).isTrue();
        assertThat(result.lastLines()).containsExactly("done");
    }

    @Test
    void programThatIsNotThereIsNoSuccess() {
        CommandRun.Result result = new CommandRun(List.of("/nowhere/at/all")).run(line -> {});

        assertThat(result.isSuccess()).isFalse();
        assertThat(result.lastLines()).containsExactly("it could not be started");
    }
}
