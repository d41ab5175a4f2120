// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.ModelSpec;

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
}
