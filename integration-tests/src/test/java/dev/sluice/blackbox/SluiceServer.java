// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code sluice serve} of the built distribution, as a process on free ports. */
final class SluiceServer implements AutoCloseable {
    private static final Pattern LISTENER = Pattern.compile("(?i)\\b(inference|management|metrics)\\b.*?(http://\\S+)");
    private static final long START_SECONDS = 120;
    private static final long STOP_SECONDS = 90;

    private final Process process;
    private final Map<String, URI> listeners;
    private final List<String> output;

    private SluiceServer(Process process, Map<String, URI> listeners, List<String> output) {
        this.process = process;
        this.listeners = listeners;
        this.output = output;
    }

    /**
     * Starts a server over {@code store} and waits for its start line; {@code log} gets what it writes to stderr, and its log files
     * are in {@code log-files} beside that.
     */
    static SluiceServer start(Path store, Path log, String... flags) {
        return startWith("", store, log, flags);
    }

    /** As {@link #start}, with options for the JVM. */
    static SluiceServer startWith(String javaOptions, Path store, Path log, String... flags) {
        List<String> command = new ArrayList<>(List.of(
                Distribution.root().resolve("bin/sluice").toString(),
                "serve",
                "--model-store",
                store.toString(),
                "--disable-token-auth",
                "--enable-model-api",
                "--set",
                "inference_address=http://127.0.0.1:0",
                "--set",
                "management_address=http://127.0.0.1:0",
                "--set",
                "metrics_address=http://127.0.0.1:0",
                "--set",
                "grpc_inference_port=0",
                "--set",
                "grpc_management_port=0",
                "--set",
                "log_location=" + log.resolveSibling("log-files"),
                "--set",
                "metrics_location=" + log.resolveSibling("log-files")));
        command.addAll(List.of(flags));
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            builder.environment().put("SLUICE_JAVA_OPTS", javaOptions);
            // Tests that mean it switch it on by a flag, with a directory of their own.
            builder.environment().put("SLUICE_SNAPSHOTS", "false");
            return awaitStart(builder.start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SluiceServer awaitStart(Process process, Path log) {
        Map<String, URI> listeners = new ConcurrentHashMap<>();
        List<String> output = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> started = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(process, listeners, output, started), "server-output");
        reader.setDaemon(true);
        reader.start();
        try {
            started.get(START_SECONDS, TimeUnit.SECONDS);
            return new SluiceServer(process, listeners, output);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException("server did not start; see " + log + "; output: " + output, e);
        }
    }

    private static void read(
            Process process, Map<String, URI> listeners, List<String> output, CompletableFuture<Void> started) {
        try (BufferedReader lines = process.inputReader(UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
                Matcher listener = LISTENER.matcher(line);
                if (listener.find()) {
                    listeners.put(listener.group(1).toLowerCase(Locale.ROOT), URI.create(listener.group(2)));
                }
                if (line.equals("Model server started.")) {
                    started.complete(null);
                }
            }
            started.completeExceptionally(new IllegalStateException("output ended before the start line"));
        } catch (IOException e) {
            started.completeExceptionally(e);
        }
    }

    URI inference(String path) {
        return at("inference", path);
    }

    URI management(String path) {
        return at("management", path);
    }

    URI metrics(String path) {
        return at("metrics", path);
    }

    private URI at(String plane, String path) {
        return Objects.requireNonNull(listeners.get(plane), () -> "no line named the " + plane + " listener: " + output)
                .resolve(path);
    }

    ProcessHandle process() {
        return process.toHandle();
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Ends it as {@code kill -9} does, and waits until it is gone. */
    void kill() throws InterruptedException {
        int unused = process.destroyForcibly().waitFor();
    }

    /** Waits for the end; the exit code. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("server still runs " + STOP_SECONDS + " s after SIGTERM");
        }
        return process.exitValue();
    }

    /** Whatever state the test left it in: by SIGTERM, so that it can delete what it unpacked, and by force if that takes long. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
