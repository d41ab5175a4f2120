// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a command, without a shell, and reads what it prints, within bounds of time and size.
 *
 * <p><b>Threads:</b> waits for the command; safe from any thread.
 */
public final class CommandLines {
    private static final Logger LOG = LoggerFactory.getLogger(CommandLines.class);
    private static final int MAX_LINES = 2000;
    private static final int MAX_BYTES = 1024 * 1024;
    private static final long LOOK_EVERY_MILLIS = 20;

    private final Duration limit;

    /** @param limit after which a command is ended */
    public CommandLines(Duration limit) {
        this.limit = limit;
    }

    /** What {@code command} printed; empty if there is none of that name, it failed, or it took too long. */
    Optional<List<String>> run(List<String> command) {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            LOG.debug("{} cannot be run", command.get(0), e);
            return Optional.empty();
        }
        try {
            process.getOutputStream().close();
            Optional<byte[]> printed = printed(process);
            if (printed.isEmpty() || process.exitValue() != 0) {
                LOG.warn("{} did not end well within {}", command.get(0), limit);
                return Optional.empty();
            }
            return printed.map(CommandLines::lines);
        } catch (IOException e) {
            LOG.warn("{} could not be read", command.get(0), e);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            end(process);
        }
    }

    /**
     * Empty if it has not ended in time. No more is read than is there: processes that it has started may hold its output open
     * for long after it.
     */
    private Optional<byte[]> printed(Process process) throws IOException, InterruptedException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        InputStream out = process.getInputStream();
        boolean hasEnded = false;
        for (long waited = 0; waited < limit.toMillis() && !hasEnded; waited += LOOK_EVERY_MILLIS) {
            hasEnded = process.waitFor(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            for (int there = out.available(); there > 0; there = out.available()) {
                printed.write(out.readNBytes(there));
                if (printed.size() > MAX_BYTES) {
                    throw new IOException("more than " + MAX_BYTES + " bytes");
                }
            }
        }
        return hasEnded ? Optional.of(printed.toByteArray()) : Optional.empty();
    }

    private static List<String> lines(byte[] printed) {
        return new String(printed, StandardCharsets.UTF_8)
                .lines()
                .limit(MAX_LINES)
                .toList();
    }

    /** With the processes it has started. */
    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        Process unused = process.destroyForcibly();
    }

    /** The words of {@code command}; those in quotes are one. Nothing else means anything. */
    public static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            if (quote != 0 && c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '"' || c == '\'')) {
                quote = c;
                inWord = true;
            } else if (quote == 0 && Character.isWhitespace(c)) {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                }
                inWord = false;
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (inWord) {
            words.add(word.toString());
        }
        return words;
    }
}
