// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.ModelId;

/**
 * Hears what a scheduler did, for metrics.
 *
 * <p><b>Threads:</b> called on instance threads; must not block and must not throw.
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
}
