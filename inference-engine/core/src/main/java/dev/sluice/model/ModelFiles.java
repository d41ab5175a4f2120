// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model's unpacked files.
 *
 * @param root directory that holds them all
 * @param serializedFile name, below {@code root}, of the weights or graph; empty when a handler brings its own
 * @param requirementsFile name, below {@code root}, of the list of packages that a handler in Python needs
 */
public record ModelFiles(Path root, Optional<String> serializedFile, Optional<String> requirementsFile) {
    /** Files of a model that needs no packages. */
    public ModelFiles(Path root, Optional<String> serializedFile) {
        this(root, serializedFile, Optional.empty());
    }

    /** The same files, of a model that needs the packages listed in {@code file}. */
    public ModelFiles withRequirements(Optional<String> file) {
        return new ModelFiles(root, serializedFile, file);
    }
}
