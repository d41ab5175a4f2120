// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvironmentCacheTest {
    private static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private final AtomicInteger made = new AtomicInteger();
    private Process other;

    @AfterEach
    void endTheOther() {
        if (other != null) {
            other.destroyForcibly();
        }
    }

    private EnvironmentCache cacheAt(Instant now) {
        return new EnvironmentCache(directory, InstantSource.fixed(now), Ticker.system());
    }

    private void make(Path folder, Duration left) {
        try {
            Files.createDirectories(folder.resolve("deep"));
            Files.writeString(folder.resolve("deep/file"), "content");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        made.incrementAndGet();
    }

    private static void fail(Path folder, Duration left) {
        throw new ServingException(ErrorCode.LOAD_FAILED, "pip said no");
    }

    /** Another process that holds a lock as servers do. */
    private void lockElsewhere(String file, String how) throws IOException {
        other = new ProcessBuilder(
                        "python3",
                        "-c",
                        "import fcntl, sys\nf = open(sys.argv[1], 'a+')\nfcntl.lockf(f, fcntl." + how
                                + ")\nprint('locked', flush=True)\nsys.stdin.read()",
                        directory.resolve(file).toString())
                .redirectErrorStream(true)
                .start();
        BufferedReader said = new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8));
        assertThat(said.readLine()).isEqualTo("locked");
    }

    @Test
    void makesEachFolderOnce() {
        try (EnvironmentCache cache = cacheAt(NOW)) {
            Path folder = cache.obtain("a", LONG, this::make);
            assertThat(cache.obtain("a", LONG, EnvironmentCacheTest::fail)).isEqualTo(folder);
            assertThat(folder.resolve("deep/file")).hasContent("content");
        }
        try (EnvironmentCache later = cacheAt(NOW.plus(Duration.ofDays(1)))) {
            later.obtain("a", LONG, EnvironmentCacheTest::fail);
        }
        assertThat(made).hasValue(1);
    }

    @Test
    void failedFolderIsGoneAndTriedAgain() {
        try (EnvironmentCache cache = cacheAt(NOW)) {
            assertThatThrownBy(() -> cache.obtain("a", LONG, (folder, left) -> {
                        make(folder, left);
                        fail(folder, left);
                    }))
                    .hasMessage("pip said no");
            assertThat(directory.resolve("a")).doesNotExist();
            assertThat(cache.obtain("a", LONG, this::make)).isDirectory();
        }
    }

    /** Seen to fail when a folder that was there counted as whole. */
    @Test
    void whatAKilledProcessLeftIsMadeAnew() throws IOException {
        Files.createDirectories(directory.resolve("a"));
        Files.writeString(directory.resolve("a/half"), "");
        try (EnvironmentCache cache = cacheAt(NOW)) {
            assertThat(cache.obtain("a", LONG, this::make).resolve("half")).doesNotExist();
        }
        assertThat(made).hasValue(1);
    }

    @Test
    void waitsNoLongerThanItMayForAnotherProcess() throws IOException {
        lockElsewhere("a.lock", "LOCK_EX");
        try (EnvironmentCache cache = cacheAt(NOW)) {
            assertThatThrownBy(() -> cache.obtain("a", Duration.ofMillis(200), this::make))
                    .hasMessage("The model's Python environment was being made by another process all the time");
        }
        assertThat(made).hasValue(0);
    }

    @Test
    void usesWhatAnotherProcessMadeMeanwhile() throws Exception {
        lockElsewhere("a.lock", "LOCK_EX");
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (EnvironmentCache cache = cacheAt(NOW)) {
            Future<Path> folder = thread.submit(() -> cache.obtain("a", LONG, EnvironmentCacheTest::fail));
            Files.createDirectories(directory.resolve("a"));
            Files.createFile(directory.resolve("a.done"));
            other.getOutputStream().close();
            assertThat(folder.get(30, TimeUnit.SECONDS)).isEqualTo(directory.resolve("a"));
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void interruptedWaitGivesUp() throws Exception {
        lockElsewhere("a.lock", "LOCK_EX");
        CountDownLatch refused = new CountDownLatch(1);
        try (EnvironmentCache cache = cacheAt(NOW)) {
            Thread waiting = new Thread(() -> {
                try {
                    cache.obtain("a", LONG, this::make);
                } catch (ServingException e) {
                    refused.countDown();
                }
            });
            waiting.start();
            waiting.interrupt();
            assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void deletesWhatNobodyUsedForLong() {
        try (EnvironmentCache before = cacheAt(NOW.minus(Duration.ofDays(31)))) {
            before.obtain("old", LONG, this::make);
        }
        try (EnvironmentCache before = cacheAt(NOW.minus(Duration.ofDays(29)))) {
            before.obtain("young", LONG, this::make);
        }
        try (EnvironmentCache cache = cacheAt(NOW)) {
            cache.obtain("new", LONG, this::make);
            assertThat(directory.resolve("old")).doesNotExist();
            assertThat(directory.resolve("young")).isDirectory();
            cache.obtain("old", LONG, this::make);
        }
        assertThat(made).hasValue(4);
    }

    /** Seen to fail without the lock on what is used. */
    @Test
    void keepsWhatAServerUsesThatRunsForLong() throws IOException {
        try (EnvironmentCache before = cacheAt(NOW.minus(Duration.ofDays(90)))) {
            before.obtain("old", LONG, this::make);
        }
        lockElsewhere("old.used", "LOCK_SH");
        try (EnvironmentCache cache = cacheAt(NOW)) {
            cache.obtain("new", LONG, this::make);
        }
        assertThat(directory.resolve("old/deep/file")).exists();
    }
}
