// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Signature;

/**
 * Weights in memory that map tensors to tensors: what an {@link Engine} loads. It knows nothing of requests; a handler
 * stands between the two.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closing frees the native memory; every instance must have been closed before.
 */
public interface TensorModel extends AutoCloseable {
    /** What it takes and gives; {@link Signature#UNDECLARED} when the format does not say. */
    Signature signature();

    /** A new execution context; whoever asked for it may use it on another thread than this. */
    TensorInstance newInstance();

    /**
     * Whether calls of its instances only compute: they wait for no lock that others hold for long, no file, no other process and no device.
     * A handler that only computes, too, passes it on; false if in doubt.
     */
    default boolean isComputeOnly() {
        return false;
    }

    @Override
    void close();
}
