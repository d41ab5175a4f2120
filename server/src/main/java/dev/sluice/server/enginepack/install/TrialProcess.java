// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Tries the engines of a pack in a process of their own, which may crash, and leaves nothing behind. */
public final class TrialProcess {
    private static final int MOST_OUTPUT = 16 << 10;

    private final List<String> program;
    private final Path temporaryDirectory;
    private final Duration limit;

    /**
     * @param program the words that run Sluice; the verb and its arguments follow
     * @param limit after which the process is ended
     */
    public TrialProcess(List<String> program, Path temporaryDirectory, Duration limit) {
        this.program = program;
        this.temporaryDirectory = temporaryDirectory;
        this.limit = limit;
    }

    /**
     * What the engines answered, a line for each.
     *
     * @param verb what the program is to do
     * @throws ServingException {@code ENGINE_FAILED} with what the process said, if it did not end well
     */
    public String run(String... verb) {
        try {
            Path folder = Files.createTempDirectory(temporaryDirectory, "sluice-trial-");
            try {
                return run(folder, verb);
            } finally {
                WorkFolder.delete(folder);
            }
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED, "the trial's process cannot be started: " + e.getMessage(), e);
        }
    }

    private String run(Path folder, String... verb) throws IOException {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(verb));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        process.getOutputStream().close();
        String end = await(process);
        if (!end.isEmpty()) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED, "the trial failed: its process " + end + ". It said: " + read(err));
        }
        return read(out);
    }

    /** How the process ended, if that was not well. */
    private String await(Process process) {
        try {
            if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                return "had not ended after " + limit.toSeconds() + " s";
            }
            return process.exitValue() == 0 ? "" : "ended with exit code " + process.exitValue();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return "was interrupted";
        }
    }

    private static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8).strip();
        }
    }
}
