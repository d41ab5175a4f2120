// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What survives a restart.
 *
 * @param enabled whether registered models are written down and restored
 * @param directory where
 * @param kept files of each kind that are kept
 * @param inline models to start with in the form snapshots have, which go before those that were written down
 * @param settings by key, all that somebody gave: they are written down, too
 */
public record SnapshotsConfig(
        boolean enabled, Path directory, int kept, Optional<String> inline, Map<String, String> settings) {
    private static final int MOST_KEPT = 1_000_000;

    public SnapshotsConfig {
        settings = Map.copyOf(settings);
    }

    static SnapshotsConfig of(ConfigValues values, LogsConfig logs) {
        return new SnapshotsConfig(
                values.flag(ConfigKey.SNAPSHOTS),
                directory(values, logs.directory()),
                values.number(ConfigKey.SNAPSHOTS_KEPT, 1, MOST_KEPT),
                values.text(ConfigKey.MODEL_SNAPSHOT),
                values.given());
    }

    /** Where snapshots lie, for who has not read anything else yet. */
    static Path directory(ConfigValues values) {
        return directory(values, LogsConfig.directory(values));
    }

    private static Path directory(ConfigValues values, Path logs) {
        return values.path(ConfigKey.SNAPSHOT_DIR).orElseGet(() -> logs.resolve("config"));
    }
}
