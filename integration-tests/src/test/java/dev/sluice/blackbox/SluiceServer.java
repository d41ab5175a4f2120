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
    private static final Pattern LISTENER =
            Pattern.compile("(?i)\\b(inference|management|metrics)\\b.*?(https?://\\S+)");
    private static final Pattern GRPC_LISTENER = Pattern.compile("gRPC (inference|management): (\\S+)");
    private static final long START_SECONDS = 120;
    private static final long STOP_SECONDS = 90;

    private final Process process;
    private final Map<String, URI> listeners;
    private final Map<String, String> grpcListeners;
    private final List<String> output;

    private SluiceServer(
            Process process, Map<String, URI> listeners, Map<String, String> grpcListeners, List<String> output) {
        this.process = process;
        this.listeners = listeners;
        this.grpcListeners = grpcListeners;
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

    /**
     * Starts a server as a user does who gives it {@code flags} and {@code variables} in {@code directory}, but for the ports,
     * which are free ones, and snapshots, which are not kept.
     */
    static SluiceServer startPlain(Path directory, Map<String, String> variables, Path log, String... flags) {
        List<String> all = new ArrayList<>(List.of(
                "--set",
                "inference_address=http://127.0.0.1:0",
                "--set",
                "management_address=http://127.0.0.1:0",
                "--set",
                "metrics_address=http://127.0.0.1:0",
                "--set",
                "grpc_inference_port=0",
                "--set",
                "grpc_management_port=0"));
        all.addAll(List.of(flags));
        return startAsSaid(directory, variables, log, all);
    }

    /** As {@link #startPlain}, with the ports that the flags and variables say. */
    static SluiceServer startAsSaid(Path directory, Map<String, String> variables, Path log, List<String> flags) {
        try {
            return awaitStart(
                    plain(directory, variables, flags)
                            .redirectError(log.toFile())
                            .start(),
                    log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How a server ends that does not start. */
    static int exitCode(Path directory, String... flags) throws IOException, InterruptedException {
        Process process = plain(directory, Map.of(), List.of(flags))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!process.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("server still runs after " + START_SECONDS + " s");
            }
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    private static ProcessBuilder plain(Path directory, Map<String, String> variables, List<String> flags) {
        List<String> command = new ArrayList<>(
                List.of(Distribution.root().resolve("bin/sluice").toString(), "serve"));
        command.addAll(flags);
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().put("SLUICE_SNAPSHOTS", "false");
        // Nobody routes requests here who would have to notice first.
        builder.environment().put("SLUICE_DRAIN_DELAY", "0");
        builder.environment().put("LOG_LOCATION", directory.resolve("log-files").toString());
        builder.environment().putAll(variables);
        return builder;
    }

    private static SluiceServer awaitStart(Process process, Path log) {
        Map<String, URI> listeners = new ConcurrentHashMap<>();
        Map<String, String> grpcListeners = new ConcurrentHashMap<>();
        List<String> output = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> started = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(process, listeners, grpcListeners, output, started), "server-output");
        reader.setDaemon(true);
        reader.start();
        try {
            started.get(START_SECONDS, TimeUnit.SECONDS);
            return new SluiceServer(process, listeners, grpcListeners, output);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException("server did not start; see " + log + "; output: " + output, e);
        }
    }

    private static void read(
            Process process,
            Map<String, URI> listeners,
            Map<String, String> grpcListeners,
            List<String> output,
            CompletableFuture<Void> started) {
        try (BufferedReader lines = process.inputReader(UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
                Matcher listener = LISTENER.matcher(line);
                Matcher grpc = GRPC_LISTENER.matcher(line);
                if (grpc.matches()) {
                    grpcListeners.put(grpc.group(1), grpc.group(2));
                } else if (listener.find()) {
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

    /** {@code host:port}. */
    String grpcInference() {
        return grpc("inference");
    }

    /** {@code host:port}. */
    String grpcManagement() {
        return grpc("management");
    }

    private String grpc(String plane) {
        return Objects.requireNonNull(
                grpcListeners.get(plane), () -> "no line named the gRPC " + plane + " listener: " + output);
    }

    /** The lines on standard output so far. */
    List<String> output() {
        return List.copyOf(output);
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
