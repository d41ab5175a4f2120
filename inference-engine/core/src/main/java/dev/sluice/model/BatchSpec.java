// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;
import java.util.Optional;

/**
 * How requests of one model version are grouped.
 *
 * @param maxSize most rows in one batch, 1 or more; a request without tensors is one row. 1 means no batching: each request
 *     runs alone, however many rows it has
 * @param maxDelay longest time the first request of an unfilled batch waits for company
 * @param latencyTarget what most requests should be answered within, for batches that size themselves; empty to go by the
 *     two numbers above alone
 * @param priorities the levels its requests can have
 */
public record BatchSpec(int maxSize, Duration maxDelay, Optional<Duration> latencyTarget, PrioritySpec priorities) {
    public BatchSpec {
        if (maxSize < 1) {
            throw new IllegalArgumentException("batchSize: " + maxSize + " (expected: 1 or more)");
        }
        if (maxDelay.isNegative()) {
            throw new IllegalArgumentException("maxBatchDelay: " + maxDelay.toMillis() + " ms (expected: 0 or more)");
        }
        latencyTarget.ifPresent(BatchSpec::requirePositive);
    }

    private static void requirePositive(Duration target) {
        if (target.isNegative() || target.isZero()) {
            throw new IllegalArgumentException("latencyTarget: " + target.toMillis() + " ms (expected: 1 or more)");
        }
    }

    /** Batches of a fixed largest size and delay, without priorities. */
    public BatchSpec(int maxSize, Duration maxDelay) {
        this(maxSize, maxDelay, Optional.empty(), PrioritySpec.NONE);
    }
}
