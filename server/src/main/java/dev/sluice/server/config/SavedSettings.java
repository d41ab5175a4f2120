// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** What an earlier run of the server wrote down of its settings, beside its models. */
@FunctionalInterface
public interface SavedSettings {
    /** Nothing was ever written. */
    SavedSettings NONE = directory -> Optional.empty();

    /** The newest that can be read below {@code directory}; what cannot be read is passed over. */
    Optional<Saved> newest(Path directory);

    /**
     * Whether {@code settings} are of a server with another model store than {@code store}: one that was started in the same
     * directory, and has nothing to do with this one. Not if either names none.
     */
    static boolean areOfAnotherStore(Map<String, String> settings, Optional<String> store) {
        Optional<Path> then =
                Optional.ofNullable(settings.get(ConfigKey.MODEL_STORE.key())).flatMap(SavedSettings::path);
        Optional<Path> now = store.flatMap(SavedSettings::path);
        return then.isPresent() && now.isPresent() && !then.equals(now);
    }

    private static Optional<Path> path(String text) {
        try {
            return Optional.of(Path.of(text.strip()).toAbsolutePath().normalize());
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Settings of an earlier run.
     *
     * @param origin name of the file they are in, for people
     * @param settings by key; keys nobody knows are passed over
     * @param written when the run that had them started
     */
    record Saved(String origin, Map<String, String> settings, Instant written) {
        public Saved {
            settings = Map.copyOf(settings);
        }
    }
}
