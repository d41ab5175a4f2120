// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.util.Optional;

/**
 * The files a model is packed from, as the user wrote them: paths are resolved by the packager.
 *
 * @param handler name of a built-in handler, or a file, or {@code file:function}, or a Java class in a jar among the extra files
 * @param extraFiles comma-separated files, patterns and directories
 */
public record ModelInputs(
        String handler,
        Optional<String> serializedFile,
        Optional<String> modelFile,
        Optional<String> extraFiles,
        Optional<String> requirementsFile,
        Optional<String> configFile) {}
