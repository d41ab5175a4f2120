// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.ModelSpec;

/** Turns a wish into weights in memory. */
@FunctionalInterface
public interface ModelLoader {
    /**
     * Slow; called on load threads only.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} or {@code LOAD_FAILED}
     */
    LoadedModel load(ModelSpec spec);
}
