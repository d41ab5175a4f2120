// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.nio.file.Path;
import java.util.List;

/**
 * What came of a {@link PackageRequest}.
 *
 * @param archive the file or directory that was made
 * @param warnings sentences for the user, in the order they came up
 */
public record PackageResult(Path archive, List<String> warnings) {
    public PackageResult {
        warnings = List.copyOf(warnings);
    }
}
