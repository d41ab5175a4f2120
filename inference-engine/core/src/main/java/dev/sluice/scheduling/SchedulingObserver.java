// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.Batch;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.model.ModelId;

/**
 * Hears what a scheduler did, for metrics.
 *
 * <p><b>Threads:</b> called on carriers, threads that submit, and the timer's; must not block and must not throw.
 */
public interface SchedulingObserver {
    /**
     * A batch left the queue, ran, and came back.
     *
     * @param size requests in it
     * @param queueNanos how long its oldest request had waited
     * @param computeNanos how long the instance took
     */
    void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos);

    /** A request that waited {@code queueNanos} is about to run. */
    default void requestTaken(ModelId model, InferenceRequest request, long queueNanos) {}

    /**
     * An instance came back with a batch, and its requests have been answered. Their inputs are gone.
     *
     * @param computeNanos how long the instance took
     * @param restNanos how long handing the answers out took
     */
    default void batchAnswered(Batch batch, long computeNanos, long restNanos) {}

    /**
     * An instance takes batches from now on.
     *
     * @param instance its name, as in logs
     * @param loadNanos since it was wanted
     */
    default void instanceReady(ModelId model, String instance, long loadNanos) {}

    /** A batch of {@code rows} rows was formed and is about to run. */
    default void batchFormed(ModelId model, int rows, CloseReason reason) {}

    /**
     * An instance that works step by step made a step.
     *
     * @param size requests in work
     * @param joined how many of them made their first step
     * @param queueNanos how long the oldest of those that joined had waited; 0 if none did
     * @param computeNanos how long the step took
     */
    default void stepExecuted(ModelId model, int size, int joined, long queueNanos, long computeNanos) {}

    /** That batch is padded with {@code rows} rows, 1 or more, to a size its engine may be given. */
    default void batchPadded(ModelId model, int rows) {}

    /** A request that had its answer was given another, which was dropped: a fault of ours. */
    default void answeredTwice(ModelId model) {}

    /** An instance broke or hung, and a new one takes its place. */
    default void instanceReplaced(ModelId model) {}
}
