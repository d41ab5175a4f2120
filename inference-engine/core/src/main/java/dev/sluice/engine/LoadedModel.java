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

    /**
     * Nothing more will come of a sequence, or what comes is to start anew: what was kept for it can go. Called for models that keep
     * sequences, while no request of that sequence runs; must not block.
     */
    default void forget(String sequenceId) {}

    /**
     * Whether calls of its instances only compute: they wait for no lock that others hold for long, no file, no other process and no device.
     * Those that are very short as well may be made on the thread that submits a request, which may be an event loop; false if in doubt.
     */
    default boolean isComputeOnly() {
        return false;
    }

    /** Whether all its instances run on graphics cards, for operators. Who loads it knows; handlers need not. */
    default boolean isOnCards() {
        return false;
    }

    /** When an instance that was lost, or could not be made though the model was loaded, is made anew. */
    default RestartPolicy restarts() {
        return RestartPolicy.SOON;
    }

    /** Most instances that are made at the same time, 1 or more. */
    default int startsAtOnce() {
        return Integer.MAX_VALUE;
    }

    /** Whether an instance keeps the state of sequences, so that all requests of one have to go to the same. */
    default boolean keepsSequencesByInstance() {
        return false;
    }

    @Override
    void close();
}
