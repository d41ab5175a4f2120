// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.server.config.SavedSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings in the last snapshot that can be read.
 *
 * <p><b>Threads:</b> safe from any thread; reads files.
 */
public final class SnapshotSettings implements SavedSettings {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotSettings.class);

    @Override
    public Optional<Saved> newest(Path directory) {
        SnapshotFiles files = new SnapshotFiles(directory);
        return files.last().flatMap(found -> saved(found, files.lastOfAStart().orElse(found.file())));
    }

    /** @param start what was written when the settings were read: later ones have the same, whatever was edited since */
    private static Optional<Saved> saved(SnapshotFiles.Saved found, Path start) {
        try {
            return Optional.of(new Saved(
                    String.valueOf(found.file().getFileName()),
                    found.snapshot().settings(),
                    Files.getLastModifiedTime(start).toInstant()));
        } catch (IOException e) {
            LOG.warn("The settings in {} cannot be read", found.file(), e);
            return Optional.empty();
        }
    }
}
