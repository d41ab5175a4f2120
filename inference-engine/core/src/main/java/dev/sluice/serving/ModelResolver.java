// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.model.ModelSpec;

/** Finds the files of a model that is to be registered, and reads from them what the command leaves open. */
public interface ModelResolver {
    /**
     * Fetches and unpacks. Slow; called on the load pool.
     *
     * <p><b>Ownership:</b> the files of the result are its own: discarding one spec leaves those of every other usable, also if both
     * came from one archive.
     *
     * @throws dev.sluice.inference.ServingException {@code SOURCE_NOT_FOUND} or {@code INVALID_MODEL}
     */
    ModelSpec resolve(RegisterModel command);

    /** The version resolved to {@code spec} is gone: what was unpacked for it can be deleted. Called once, on the load pool. */
    void discard(ModelSpec spec);

    /**
     * As {@link #discard}, of a version that stays wanted: what it was made from is left where it is, even if it was fetched for
     * that version alone.
     */
    default void release(ModelSpec spec) {
        discard(spec);
    }
}
