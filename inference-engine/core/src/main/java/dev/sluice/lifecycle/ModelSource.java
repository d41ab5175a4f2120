// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.util.Set;

/**
 * Says which versions of which models exist: a directory that is watched, a list somebody edits. It does not say which of them to
 * serve, nor when to load; see {@link Reconciler}. A source owns the names it tells of: versions somebody registered by hand under
 * such a name are unloaded again.
 *
 * <p><b>Threads:</b> {@link #resolve} and {@link #discard} are called on the load pool, for one model by one thread at a time, and
 * may block there.
 */
public interface ModelSource extends AutoCloseable {
    /** Hears of versions. */
    interface Listener {
        /**
         * These versions of {@code model} exist now, and no others; none means that the model is gone. May be told again without a
         * change.
         *
         * <p><b>Threads:</b> any; returns at once. For one model, of two calls the later one counts.
         */
        void versions(String model, Set<String> there);
    }

    /** Tells {@code listener} of every model now, or as soon as it is found, and of every change from then on. Called once. */
    void start(Listener listener);

    /**
     * How to load a version that was told of. Its instances are at least 1 when it is to serve.
     *
     * @throws dev.sluice.inference.ServingException if it is gone, or no model; this counts as a failed load
     */
    ModelSpec resolve(ModelId id);

    /** The version that was resolved to {@code spec} is unloaded: what was unpacked for it can be deleted. Called once. */
    default void discard(ModelSpec spec) {}

    /** Tells nothing from now on. */
    @Override
    void close();
}
