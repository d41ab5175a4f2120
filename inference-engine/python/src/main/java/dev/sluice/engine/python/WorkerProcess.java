// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker's process. Its standard input stays open as long as this server lives and wants it, so that it can tell when that is no
 * longer so; what it prints is taken by two threads, and means nothing.
 *
 * <p><b>Threads:</b> safe from any thread; {@link #end} on one.
 *
 * <p><b>Ownership:</b> owns the process and those it started, its streams and their threads, until it has {@linkplain #end ended}.
 */
final class WorkerProcess {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerProcess.class);
    private static final Duration TO_TERMINATE = Duration.ofSeconds(1);
    private static final Duration TO_DIE = Duration.ofSeconds(5);
    private static final Duration TO_DRAIN = Duration.ofSeconds(1);
    private static final int LONGEST_COMPLAINT = 300;

    private final String name;
    private final Process process;
    private final List<Thread> pumps;

    /** Written by the thread that takes what it prints as errors: the last line of it that is not blank. */
    private volatile String lastComplaint = "";

    private WorkerProcess(String name, Process process, BiConsumer<Boolean, String> lines) {
        this.name = name;
        this.process = process;
        this.pumps = List.of(
                pump("stdout", new LinePump(process.getInputStream(), line -> lines.accept(false, line))),
                pump("stderr", new LinePump(process.getErrorStream(), line -> {
                    noteComplaint(line);
                    lines.accept(true, line);
                })));
    }

    /**
     * Starts one.
     *
     * @param name in logs
     * @param variables all it gets
     * @param lines takes what it prints, the flag being whether to its standard error
     * @throws IOException if the machine cannot start it
     */
    static WorkerProcess start(
            String name,
            List<String> command,
            Map<String, String> variables,
            Path directory,
            BiConsumer<Boolean, String> lines)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        LOG.debug("Worker cmdline: {}", command);
        WorkerProcess worker = new WorkerProcess(name, builder.start(), lines);
        try {
            worker.pumps.forEach(Thread::start);
            return worker;
        } catch (RuntimeException | Error e) {
            // The machine gives out no more threads.
            worker.end(Duration.ZERO);
            throw e;
        }
    }

    private Thread pump(String stream, LinePump pump) {
        Thread thread = new Thread(pump, name + "-" + stream);
        thread.setDaemon(true);
        return thread;
    }

    private void noteComplaint(String line) {
        if (!line.isBlank()) {
            lastComplaint = line.substring(0, Math.min(line.length(), LONGEST_COMPLAINT));
        }
    }

    long id() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Whether it is known that somebody else listens on {@code port}, and not it or one it started. */
    boolean isStrangers(int port) {
        return PortHolder.isSomebodyElse(process.toHandle(), port);
    }

    /** Waits a while for it to end by itself. */
    boolean hasEndedAfter(Duration wait) throws InterruptedException {
        return process.waitFor(wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Has {@code action} run when it ends, or now if it has ended. */
    void onExit(Runnable action) {
        var unused = process.onExit().thenRun(action);
    }

    /** How it ended, which it has, with the last thing it complained of; for people. */
    String farewell() throws InterruptedException {
        for (Thread pump : pumps) {
            pump.join(TO_DRAIN.toMillis());
        }
        String end = "exit code " + process.exitValue();
        return lastComplaint.isEmpty() ? end : end + ": " + lastComplaint;
    }

    /**
     * Ends it and all it started, if it has not ended, and gives back what it used. Takes a few seconds at worst.
     *
     * @param grace how long it may take to end by itself, as it does when its connection is closed
     */
    void end(Duration grace) {
        List<ProcessHandle> family = process.descendants().toList();
        boolean wasInterrupted = Thread.interrupted();
        try {
            if (!hasEndedAfter(grace)) {
                if (!grace.isZero()) {
                    LOG.info("Worker {} does not end by itself; it is told to", name);
                    process.destroy();
                }
                if (grace.isZero() || !hasEndedAfter(TO_TERMINATE)) {
                    process.destroyForcibly();
                    boolean unused = hasEndedAfter(TO_DIE);
                }
            }
        } catch (InterruptedException e) {
            wasInterrupted = true;
            process.destroyForcibly();
        }
        family.forEach(ProcessHandle::destroyForcibly);
        ProcessSession.end(process.pid());
        drain();
        List.<Closeable>of(process.getOutputStream(), process.getInputStream(), process.getErrorStream())
                .forEach(this::close);
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What it printed last is not lost; somebody else may still hold its streams, who is not waited for. */
    private void drain() {
        for (Thread pump : pumps) {
            try {
                pump.join(TO_DRAIN.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (pump.isAlive()) {
                LOG.warn("Worker {} has ended, but something it started still holds its output", name);
            }
        }
    }

    private void close(Closeable stream) {
        try {
            stream.close();
        } catch (IOException e) {
            LOG.debug("A stream of worker {} could not be closed", name, e);
        }
    }
}
