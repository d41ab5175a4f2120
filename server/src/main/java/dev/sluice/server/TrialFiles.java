// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of one trial, and the process that uses them: both gone when it is closed, and when a signal ends this process.
 *
 * <p><b>Threads:</b> of one thread, and of the hook the JVM runs at a signal.
 */
final class TrialFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrialFiles.class);
    private static final long LAST_WORDS_SECONDS = 3;

    private final Path root;
    private final Thread hook;

    /** Written by the thread that runs the trial; read by the hook too. */
    private volatile @Nullable Process process;

    private TrialFiles(Path root) {
        this.root = root;
        this.hook = new Thread(this::end, "trial-end");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    static TrialFiles below(Path parent) {
        try {
            return new TrialFiles(Files.createTempDirectory(parent, "sluice-handler-"));
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    parent + " cannot be written to (expected: a directory for temporary files; TEMP names another)",
                    e);
        }
    }

    /** One of its own for {@code purpose}, made when first asked for. */
    Path directory(String purpose) {
        try {
            return Files.createDirectories(root.resolve(purpose));
        } catch (IOException e) {
            throw new ServingException(ErrorCode.FAILED_PRECONDITION, root + " cannot be written to", e);
        }
    }

    /** Runs {@code command} with this process's input and output, and returns its exit code. */
    int runHere(List<String> command, Path directory, Map<String, String> variables) {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO().directory(directory.toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        try {
            Process started = builder.start();
            process = started;
            return started.waitFor();
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED, "The handler's process could not be started: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(ErrorCode.CANCELLED, "The handler was stopped", e);
        }
    }

    private void end() {
        Process running = process;
        if (running != null && running.isAlive()) {
            stop(running);
        }
        delete();
    }

    /** A handler may tidy up when it is interrupted; it does not have long. */
    private static void stop(Process running) {
        running.destroy();
        try {
            if (!running.waitFor(LAST_WORDS_SECONDS, TimeUnit.SECONDS)) {
                running.descendants().forEach(ProcessHandle::destroyForcibly);
                running.destroyForcibly();
            }
        } catch (InterruptedException e) {
            running.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void delete() {
        // Walking follows no links, so what a link points to stays.
        try (Stream<Path> walk = Files.walk(root)) {
            List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            LOG.warn("Could not delete {}", root, e);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // A signal has come, and the hook is at it.
            LOG.debug("Ending already", e);
            return;
        }
        end();
    }
}
