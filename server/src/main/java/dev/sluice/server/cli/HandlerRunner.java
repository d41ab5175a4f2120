// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Runs a Python handler once, in the foreground and without a server. */
public interface HandlerRunner {
    /**
     * What to run, with what.
     *
     * @param model archive, or folder with a model's files
     * @param input file with the request's body
     * @param contentType of the body
     * @param part name of the part of a form that the body is; empty for one that is the whole request
     * @param handler instead of the one that the model names
     * @param python interpreter: its name or path
     * @param gpu number of the card
     * @param debugger {@code PORT} or {@code HOST:PORT} at which to wait for a debugger
     * @param installs whether the model's requirements are installed first
     * @param cache where they are kept for the next run; empty to delete them
     */
    record Trial(
            Path model,
            Path input,
            Optional<String> contentType,
            Optional<String> part,
            Optional<String> handler,
            String python,
            OptionalInt gpu,
            Optional<String> debugger,
            boolean installs,
            Optional<Path> cache) {}

    /**
     * The exit code of the run: 0 if the handler answered.
     *
     * @throws dev.sluice.inference.ServingException if it could not be started
     */
    int run(Trial trial);
}
