// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A random worker is killed every 200 ms while clients ask: each request has one answer, and each that failed was in the batch that
 * a worker held when it was killed. A worker comes back after a second, so of more than five some serve at any time; where they take
 * long to start the next kill waits for that, so that nobody may be refused. {@code -Dsluice.storm.seconds} says for how long, {@code
 * -Dsluice.storm.seed} repeats the choice of workers.
 */
class WorkerKillStormIT {
    private static final long SECONDS = Long.getLong("sluice.storm.seconds", 8);
    private static final long SEED = Long.getLong("sluice.storm.seed", System.nanoTime());
    private static final Duration EVERY = Duration.ofMillis(200);
    private static final int WORKERS = 12;
    private static final int BATCH = 4;
    private static final int LEAST_KILLS = 10;
    private static final int CLIENTS = 16;

    /** So many serve whenever one is killed. */
    private static final int LEAST_SERVING = 3;

    /** Threads of a JVM, files it reads once, and connections of the clients come and go. */
    private static final int SPARE_FILES = 20;

    private final AtomicBoolean asking = new AtomicBoolean(true);
    private final Map<String, HttpResponse<String>> failed = new ConcurrentHashMap<>();
    private final Set<Long> killed = ConcurrentHashMap.newKeySet();

    @Test
    void everyRequestIsAnsweredAndOnlyThoseOfADyingWorkersBatchFail(@TempDir Path folder) throws Exception {
        System.out.printf("kill storm: %d s, seed %d%n", SECONDS, SEED);
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Path started = Files.createFile(folder.resolve("started"));
        Path store = pack(folder, started);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try (SluiceServer server = SluiceServer.startWith(
                "-Djava.io.tmpdir=" + temporary,
                store,
                folder.resolve("log"),
                "--models",
                "storm.mar",
                "--set",
                "drain_delay=0")) {
            Calls calls = new Calls(server);
            calls.awaitWorkers("storm", WORKERS, List.of());
            ask(calls, "warm-up", 200);
            long files = Processes.openFiles(server);
            int sockets = Processes.sockets(folder).size();
            int processes = Processes.below(server).size();

            List<CompletableFuture<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                String name = "c" + i;
                clients.add(CompletableFuture.supplyAsync(() -> ask(calls, name, Integer.MAX_VALUE), threads));
            }
            killWorkers(server, calls);
            asking.set(false);
            int served = 0;
            for (CompletableFuture<Integer> client : clients) {
                served += client.get(60, TimeUnit.SECONDS);
            }

            System.out.printf(
                    "kill storm: %d kills, %d answers, %d failed with their worker%n",
                    killed.size(), served, failed.size());
            assertThat(killed).as("kills").hasSizeGreaterThanOrEqualTo(LEAST_KILLS);
            assertThat(served).as("answers").isGreaterThan(killed.size() * BATCH);
            failuresAreOfKilledWorkers(Files.readString(started));
            assertThat(failed).as("requests that a kill took with it").hasSizeLessThanOrEqualTo(killed.size() * BATCH);

            calls.awaitWorkers("storm", WORKERS, List.copyOf(killed));
            failed.clear();
            asking.set(true);
            assertThat(ask(calls, "after", 500)).isEqualTo(500);
            assertThat(failed).isEmpty();
            assertThat(Processes.sockets(folder)).hasSizeLessThanOrEqualTo(sockets);
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                assertThat(Processes.below(server)).hasSize(processes);
                assertThat(Processes.openFiles(server)).isLessThan(files + SPARE_FILES);
            });
        } finally {
            asking.set(false);
            threads.shutdownNow();
        }
        assertThat(Processes.sockets(folder)).isEmpty();
    }

    private static Path pack(Path folder, Path started) throws IOException {
        Path store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.named("storm")
                .handler("storm.py")
                .file("where.txt", started.toString().getBytes(UTF_8))
                .configuration("""
                        minWorkers: %d
                        maxWorkers: %d
                        batchSize: %d
                        maxBatchDelay: 1
                        """.formatted(WORKERS, WORKERS, BATCH))
                .mar(store);
        return store;
    }

    /** Asks until told to stop, or so many times; each payload is sent once in all. */
    private int ask(Calls calls, String client, int most) {
        int served = 0;
        try {
            for (int i = 0; i < most && asking.get(); i++) {
                String payload = client + "-" + i;
                HttpResponse<String> answer = calls.predict("storm", payload);
                if (answer.statusCode() == 200) {
                    assertThat(answer.body()).isEqualTo(payload);
                    served++;
                } else {
                    failed.put(payload, answer);
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException(client + " had no answer", e);
        }
        return served;
    }

    private void killWorkers(SluiceServer server, Calls calls) throws Exception {
        Random random = new Random(SEED);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        long next = System.nanoTime();
        while (System.nanoTime() - end < 0) {
            List<Long> up = new ArrayList<>(Processes.below(server));
            Collections.sort(up);
            long serving = calls.workers("storm").stream()
                    .filter(pid -> !killed.contains(pid))
                    .count();
            if (serving > LEAST_SERVING) {
                long victim = up.get(random.nextInt(up.size()));
                ProcessHandle.of(victim).ifPresent(ProcessHandle::destroyForcibly);
                killed.add(victim);
            }
            next += EVERY.toNanos();
            while (System.nanoTime() - next < 0) {
                LockSupport.parkNanos(next - System.nanoTime());
            }
        }
    }

    /**
     * What a worker began it wrote down before, and what it began before its last batch it had answered; what no worker began was on
     * its way to one that was killed.
     */
    private void failuresAreOfKilledWorkers(String started) {
        Map<String, Long> workerOf = new HashMap<>();
        Map<Long, List<String>> lastOf = new HashMap<>();
        Set<String> twice = new HashSet<>();
        for (String line : started.lines().toList()) {
            String[] words = line.split(" ");
            lastOf.put(Long.valueOf(words[0]), List.of(words));
            Stream.of(words).skip(1).forEach(payload -> {
                if (workerOf.put(payload, Long.valueOf(words[0])) != null) {
                    twice.add(payload);
                }
            });
        }
        assertThat(twice).as("handed to two workers").isEmpty();
        Map<String, String> odd = new TreeMap<>();
        failed.forEach((payload, answer) -> {
            Long worker = workerOf.get(payload);
            boolean isOfAKill = worker == null
                    || (killed.contains(worker)
                            && lastOf.getOrDefault(worker, List.of()).contains(payload));
            boolean right = answer.statusCode() == 500 && answer.body().contains("Worker died.") && isOfAKill;
            if (!right) {
                odd.put(payload, "worker " + worker + ", " + answer.statusCode() + " " + answer.body());
            }
        });
        assertThat(odd).as("failed without a kill").isEmpty();
    }
}
