// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.ModelSpec;
import java.util.List;

/** Turns a wish into weights in memory. */
public interface ModelLoader {
    /**
     * Whether {@link #load} could be tried at all: the names in the spec are known. Reads no model file.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming what is unknown and what there is
     */
    void check(ModelSpec spec);

    /**
     * Slow; called on load threads only.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} or {@code LOAD_FAILED}
     */
    LoadedModel load(ModelSpec spec);

    /**
     * What a version is asked once it is loaded, before it is ready; if one of them is not answered as expected, the load has failed.
     * Called on load threads.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if they cannot be read
     */
    default List<Sample> samples(ModelSpec spec) {
        return List.of();
    }
}
