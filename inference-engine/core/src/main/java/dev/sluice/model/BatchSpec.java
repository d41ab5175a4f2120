// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;

/**
 * How requests of one model version are grouped.
 *
 * @param maxSize most requests in one batch, 1 or more; 1 means no batching
 * @param maxDelay longest time the first request of an unfilled batch waits for company
 */
public record BatchSpec(int maxSize, Duration maxDelay) {
    public BatchSpec {
        if (maxSize < 1) {
            throw new IllegalArgumentException("batchSize: " + maxSize + " (expected: 1 or more)");
        }
        if (maxDelay.isNegative()) {
            throw new IllegalArgumentException("maxBatchDelay: " + maxDelay.toMillis() + " ms (expected: 0 or more)");
        }
    }
}
