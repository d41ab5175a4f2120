// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.AllowedSizes;

/**
 * How many rows a batch may have for two of them to fit into a latency target, learnt by trying: up slowly while all goes well, down
 * at once when a batch took too long (batching-and-scheduling.md section 12). It corrects what a line through the times of earlier
 * batches says, which may be no line, or be drawn through too few points: that is held between two numbers of its own.
 *
 * @param most rows, ever
 * @param ceiling most rows now, whatever the line says
 * @param floor rows that were tried out, whatever the line says
 * @param goodBatches batches in time since the ceiling was changed
 * @param fullBatches batches in time with as many rows as they might have, since the floor was changed
 */
record AdaptiveCap(int most, int ceiling, int floor, int goodBatches, int fullBatches) {
    /** Batches in time that allow one step up. */
    static final int STEP_AFTER = 100;

    /** Nothing tried yet. */
    static AdaptiveCap of(int most) {
        return new AdaptiveCap(most, most, 1, 0, 0);
    }

    /** Rows a batch may have when the line says {@code fitting}. */
    int rows(int fitting) {
        return Math.min(ceiling, Math.max(floor, fitting));
    }

    /**
     * After one more batch.
     *
     * @param isInTime whether two like it fit into the target
     * @param isFull whether it had as many rows as it might
     * @param cap rows it could have had
     * @param sizes what a step is
     */
    AdaptiveCap after(boolean isInTime, boolean isFull, int cap, AllowedSizes sizes) {
        if (!isInTime) {
            return new AdaptiveCap(most, Math.max(1, Math.min(ceiling - 1, ceiling * 9 / 10)), 1, 0, 0);
        }
        // Small batches in time say nothing about large ones: they only take back what was forbidden.
        boolean isHigher = goodBatches + 1 >= STEP_AFTER;
        boolean isTried = isFull && fullBatches + 1 >= STEP_AFTER;
        return new AdaptiveCap(
                most,
                isHigher ? Math.min(most, sizes.after(ceiling)) : ceiling,
                isTried ? Math.min(most, sizes.after(cap)) : floor,
                isHigher ? 0 : goodBatches + 1,
                isTried ? 0 : isFull ? fullBatches + 1 : fullBatches);
    }
}
