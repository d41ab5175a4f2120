// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
    private static final int MAX_CHARACTERS = 1024 * 1024;

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
        CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS)
                .execute(process::destroyForcibly);
        try {
            process.getOutputStream().close();
            List<String> lines = read(process);
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS) || process.exitValue() != 0) {
                LOG.warn("{} did not end well within {}", command.get(0), limit);
                return Optional.empty();
            }
            return Optional.of(lines);
        } catch (IOException e) {
            LOG.warn("{} could not be read", command.get(0), e);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<String> read(Process process) throws IOException {
        List<String> lines = new ArrayList<>();
        int characters = 0;
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            StringBuilder line = new StringBuilder();
            for (int c = reader.read(); c >= 0 && lines.size() < MAX_LINES; c = reader.read()) {
                if (++characters > MAX_CHARACTERS) {
                    throw new IOException("more than " + MAX_CHARACTERS + " characters");
                }
                if (c == '\n') {
                    lines.add(line.toString());
                    line.setLength(0);
                } else if (c != '\r') {
                    line.append((char) c);
                }
            }
            if (line.length() > 0) {
                lines.add(line.toString());
            }
        }
        return lines;
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
