// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.util.regex.Pattern;

/**
 * The wish for one archive.
 *
 * <p>Source: torchserve.md section 6.5.
 *
 * @param exportPath directory the archive is put in, as the user wrote it; empty for the working directory
 * @param version free text; the manifest names none when it is empty
 * @param force whether an existing archive is replaced
 */
public record PackageRequest(
        String modelName,
        String version,
        String runtime,
        ModelInputs inputs,
        String exportPath,
        ArchiveFormat format,
        boolean force) {

    private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_\\-.]*");

    public PackageRequest {
        if (!MODEL_NAME.matcher(modelName).matches()) {
            throw new ArchiveException(
                    "model name: " + Quoted.of(modelName) + " (expected: ^[A-Za-z0-9][A-Za-z0-9_\\-.]*$)",
                    "Choose a --model-name of letters, digits, \"_\", \"-\" and \".\" that begins with a letter or digit.");
        }
        if (!Manifest.RUNTIMES.contains(runtime)) {
            throw new ArchiveException("runtime: " + Quoted.of(runtime) + " (expected: " + Manifest.RUNTIMES + ")");
        }
    }
}
