// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Where models lie, and what holds for those that say nothing themselves.
 *
 * @param directory the model store; without one no model can be registered
 * @param loadModels the models to start with, as {@link StartupModels} reads it
 * @param defaultHandler for models whose manifest names no handler
 * @param defaultWorkers instances of a model that names no number; empty for one per processor at start-up and none when
 *     registered later
 * @param queueCapacity requests that may wait for one model version
 * @param modelDefaults settings by model name and then version, under the names a model's own configuration has
 */
public record ModelStoreConfig(
        Optional<Path> directory,
        String loadModels,
        Optional<String> defaultHandler,
        OptionalInt defaultWorkers,
        int queueCapacity,
        Duration responseTimeout,
        Duration startupTimeout,
        Map<String, Map<String, Map<String, Object>>> modelDefaults) {
    public ModelStoreConfig {
        modelDefaults = Map.copyOf(modelDefaults);
    }

    /** Whether models are wanted that can only be in a model store, and there is none. */
    public boolean lacksDirectory() {
        return directory.isEmpty()
                && Stream.of(loadModels.split(",", -1))
                        .map(String::strip)
                        .anyMatch(item -> !item.isEmpty() && !item.contains("://"));
    }

    /** A store at {@code directory} with every other setting at its default. */
    public static ModelStoreConfig of(Path directory) {
        return new ModelStoreConfig(
                Optional.of(directory),
                "",
                Optional.empty(),
                OptionalInt.empty(),
                100,
                Duration.ofMinutes(2),
                Duration.ofMinutes(2),
                Map.of());
    }

    /** The same store with other models to start with. */
    public ModelStoreConfig withLoadModels(String models) {
        return new ModelStoreConfig(
                directory,
                models,
                defaultHandler,
                defaultWorkers,
                queueCapacity,
                responseTimeout,
                startupTimeout,
                modelDefaults);
    }
}
