// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import dev.sluice.archive.ArchiveException;
import dev.sluice.archive.ModelPackager;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the commands know of the process they run in; only a {@code main} method makes one from the real process.
 *
 * @param workingDirectory what relative paths are relative to, and where archives go by default
 * @param sourceDateEpoch the variable {@code SOURCE_DATE_EPOCH}, unparsed
 * @param librarySuffix suffix of shared libraries, such as {@code .so}
 */
public record ArchiveEnvironment(Path workingDirectory, Optional<String> sourceDateEpoch, String librarySuffix) {
    /** The end of the year 9999, the last a four-digit year can show. */
    private static final long LAST_SECOND = 253_402_300_799L;

    /** The environment of this process, whose variables the caller hands in. */
    public static ArchiveEnvironment of(Map<String, String> variables) {
        String library = System.mapLibraryName("");
        return new ArchiveEnvironment(
                Path.of("").toAbsolutePath(),
                Optional.ofNullable(variables.get("SOURCE_DATE_EPOCH")).filter(value -> !value.isEmpty()),
                library.substring(library.lastIndexOf('.')));
    }

    /** When archives are dated. Source: reproducible-builds.org, SOURCE_DATE_EPOCH specification. */
    Instant timestamp() {
        return sourceDateEpoch.map(ArchiveEnvironment::instant).orElse(ModelPackager.DEFAULT_TIMESTAMP);
    }

    private static Instant instant(String seconds) {
        if (seconds.matches("[0-9]{1,12}") && Long.parseLong(seconds) <= LAST_SECOND) {
            return Instant.ofEpochSecond(Long.parseLong(seconds));
        }
        throw new ArchiveException(
                "SOURCE_DATE_EPOCH: \"" + seconds + "\" (expected: whole seconds since 1970, 0.." + LAST_SECOND + ")",
                "Unset the variable or give it a number.");
    }

    /** {@code path} as this process means it. */
    Path resolve(Path path) {
        return workingDirectory.resolve(path);
    }
}
