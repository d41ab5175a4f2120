// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model's unpacked files.
 *
 * @param root directory that holds them all
 * @param serializedFile name, below {@code root}, of the weights or graph; empty when a handler brings its own
 */
public record ModelFiles(Path root, Optional<String> serializedFile) {}
