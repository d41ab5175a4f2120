// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Where the build put the distribution and the digits. */
final class Distribution {
    private Distribution() {}

    static Path root() {
        return existing("sluice.distribution");
    }

    static Path digits() {
        return existing("sluice.digits");
    }

    /** The folder that holds the folders of all bundled models. */
    static Path models() {
        return digits().resolveSibling("");
    }

    /** The jar of the example of a handler. */
    static Path exampleHandler() {
        return Path.of(Objects.requireNonNull(System.getProperty("sluice.example.jar")));
    }

    private static Path existing(String property) {
        Path path = Path.of(
                Objects.requireNonNull(System.getProperty(property), () -> "property " + property + " is not set"));
        if (!Files.isDirectory(path)) {
            throw new IllegalStateException(property + ": " + path + " (expected: a directory that the build made)");
        }
        return path;
    }
}
