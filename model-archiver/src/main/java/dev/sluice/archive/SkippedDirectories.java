// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.nio.file.Path;
import java.util.Set;

/** The directories that never become part of a model. Source: torchserve.md section 6.5. */
final class SkippedDirectories {
    private static final Set<String> NAMES = Set.of("__MACOSX", "__pycache__");

    private SkippedDirectories() {}

    static boolean skips(Path directory) {
        String name = String.valueOf(directory.getFileName());
        return name.startsWith(".") || NAMES.contains(name);
    }
}
