// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a program whose output is read while it runs: each line is handed on, the last ones are kept.
 *
 * <p><b>Threads:</b> of one thread, which waits; another reads.
 */
final class CommandRun {
    private static final Logger LOG = LoggerFactory.getLogger(CommandRun.class);
    private static final int KEPT_LINES = 20;
    private static final int LONGEST_LINE = 4_000;
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final ProcessBuilder builder;

    /** Written by the thread that runs it, before it does. */
    private Duration limit = Duration.ofMinutes(2);

    CommandRun(List<String> command) {
        this.builder = new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** With these variables and no others. */
    CommandRun with(Map<String, String> variables) {
        builder.environment().clear();
        builder.environment().putAll(variables);
        return this;
    }

    CommandRun in(Path directory) {
        builder.directory(directory.toFile());
        return this;
    }

    CommandRun within(Duration time) {
        limit = time;
        return this;
    }

    /**
     * How it ended.
     *
     * @param code its exit status; empty if it ran out of time, or could not be started
     * @param lastLines of its output, without control characters
     */
    record Result(Optional<Integer> code, List<String> lastLines) {
        boolean isSuccess() {
            return code.isPresent() && code.get() == 0;
        }
    }

    /** Runs it to its end, or until its time is over or this thread is interrupted: then it is killed with all it started. */
    Result run(Consumer<String> lines) {
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            LOG.warn("{} could not be started", builder.command().get(0), e);
            return new Result(Optional.empty(), List.of("it could not be started"));
        }
        closeInput(process);
        Output output = new Output(process.getInputStream(), lines);
        Thread reader = new Thread(output, "output-" + process.pid());
        reader.setDaemon(true);
        reader.start();
        boolean ended = awaitEnd(process);
        if (!ended) {
            kill(process);
        }
        awaitReader(reader);
        // Something it started may still hold the other end open.
        close(process.getInputStream());
        return new Result(ended ? Optional.of(process.exitValue()) : Optional.empty(), output.lastLines());
    }

    private boolean awaitEnd(Process process) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void kill(Process process) {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroyForcibly();
        started.forEach(ProcessHandle::destroyForcibly);
    }

    private static void awaitReader(Thread reader) {
        boolean interrupted = Thread.interrupted();
        try {
            reader.join(LAST_WORDS.toMillis());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeInput(Process process) {
        try (OutputStream input = process.getOutputStream()) {
            input.flush();
        } catch (IOException e) {
            LOG.debug("Closing the input of a program", e);
        }
    }

    private static void close(InputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            LOG.debug("Closing the output of a program", e);
        }
    }

    /** Reads until the end; what is longer than a line may be is cut off. */
    private static final class Output implements Runnable {
        private final InputStream stream;
        private final Consumer<String> lines;

        /** Guarded by itself. */
        private final Deque<String> last = new ArrayDeque<>();

        Output(InputStream stream, Consumer<String> lines) {
            this.stream = stream;
            this.lines = lines;
        }

        @Override
        public void run() {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            try (InputStream in = new BufferedInputStream(stream)) {
                for (int next = in.read(); next >= 0; next = in.read()) {
                    if (next == '\n') {
                        end(line);
                    } else if (line.size() < LONGEST_LINE) {
                        line.write(next);
                    }
                }
            } catch (IOException e) {
                LOG.debug("The output of a program ended early", e);
            }
            end(line);
        }

        private void end(ByteArrayOutputStream line) {
            String text = line.toString(StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", " ").strip();
            line.reset();
            if (text.isEmpty()) {
                return;
            }
            lines.accept(text);
            synchronized (last) {
                last.addLast(text);
                if (last.size() > KEPT_LINES) {
                    last.removeFirst();
                }
            }
        }

        List<String> lastLines() {
            synchronized (last) {
                return List.copyOf(last);
            }
        }
    }
}
