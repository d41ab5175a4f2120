// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Signature;

/**
 * A model that answers requests: the scheduler's view of it. Usually a handler in front of a {@link TensorModel}; its
 * instances do the work and share the weights where the runtime allows it.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closing frees the native memory; every instance must have been closed before.
 */
public interface LoadedModel extends AutoCloseable {
    /** What it takes and gives as tensors; {@link Signature#UNDECLARED} when it takes content, or does not say. */
    Signature signature();

    /** A new execution context; whoever asked for it may use it on another thread than this. */
    ModelInstance newInstance();

    @Override
    void close();
}
