// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.util.Map;
import java.util.Optional;

/**
 * The wish for one version: where it is, what runs it, and within which bounds. Changing a running version means a new spec.
 *
 * @param location what the operator named when registering, as they wrote it
 * @param engine engine id; empty to choose by file suffix
 * @param handler name of a built-in handler
 * @param placement where its instances run
 * @param options the model's own configuration file, as parsed: maps, lists, strings, numbers, booleans
 */
public record ModelSpec(
        ModelId id,
        String location,
        ModelFiles files,
        Optional<String> engine,
        String handler,
        BatchSpec batching,
        InstanceSpec instances,
        Placement placement,
        LimitSpec limits,
        Map<String, Object> options) {
    public ModelSpec {
        options = Map.copyOf(options);
        if (limits.queueRows().orElse(Long.MAX_VALUE) < batching.maxSize()) {
            throw new IllegalArgumentException(
                    "queueRows: " + limits.queueRows().getAsLong() + " (expected: " + batching.maxSize()
                            + " or more, the rows of one batch)");
        }
    }

    /** A model placed where the engine likes best. */
    public ModelSpec(
            ModelId id,
            String location,
            ModelFiles files,
            Optional<String> engine,
            String handler,
            BatchSpec batching,
            InstanceSpec instances,
            LimitSpec limits,
            Map<String, Object> options) {
        this(id, location, files, engine, handler, batching, instances, Placement.DEFAULT, limits, options);
    }

    /** What a caller names to mean this version. */
    public ModelRef ref() {
        return ModelRef.of(id.name(), id.version());
    }

    /** The same wish with another number of instances. */
    public ModelSpec withInstances(InstanceSpec wanted) {
        return new ModelSpec(id, location, files, engine, handler, batching, wanted, placement, limits, options);
    }
}
