// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackSurvey;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of every verb that works on engine packs. */
final class EnginesOptions {
    /** Also the server's, for its key engines_dir. */
    private static final String VARIABLE = "SLUICE_ENGINES_DIR";

    @Option(
            names = "--engines-dir",
            paramLabel = "DIR",
            description = "Directory of the engine packs (default: that of the installation, or SLUICE_ENGINES_DIR).")
    private Optional<Path> directory = Optional.empty();

    /** The directory, absolute, there or not. */
    Path directory(Console console) {
        return directory
                .or(() ->
                        Optional.ofNullable(console.environment().get(VARIABLE)).map(Path::of))
                .or(console::enginesDirectory)
                // A base distribution may come without any engine.
                .or(() -> console.packs().known().map(packs -> packs.resolveSibling("engines")))
                .map(path -> console.workingDirectory().resolve(path).normalize())
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "--engines-dir: nothing (expected: a directory; this installation has none of its own)"));
    }

    PackSurvey survey(Console console) {
        return new PackSurvey(
                console.packs().known(), directory(console), console.packs().platform());
    }
}
