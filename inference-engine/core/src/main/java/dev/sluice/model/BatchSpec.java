// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;
import java.util.Optional;

/**
 * How requests of one model version are grouped.
 *
 * @param maxSize most rows in one batch, 1 or more; a request without tensors is one row. 1 means no batching: each request
 *     runs alone, however many rows it has, unless it is padded or split
 * @param maxDelay longest time the first request of an unfilled batch waits for company
 * @param latencyTarget what most requests should be answered within, for batches that size themselves; empty to go by the
 *     two numbers above alone
 * @param priorities the levels its requests can have
 * @param sizes the numbers of rows its engine may be given, the largest being {@code maxSize}
 * @param splits whether a request with more than {@code maxSize} rows runs in parts; else it is refused
 * @param sequences the bounds of its sequences, if requests of one are to run one after the other
 */
public record BatchSpec(
        int maxSize,
        Duration maxDelay,
        Optional<Duration> latencyTarget,
        PrioritySpec priorities,
        AllowedSizes sizes,
        boolean splits,
        Optional<SequenceSpec> sequences) {
    public BatchSpec {
        if (maxSize < 1) {
            throw new IllegalArgumentException("batchSize: " + maxSize + " (expected: 1 or more)");
        }
        if (maxDelay.isNegative()) {
            throw new IllegalArgumentException("maxBatchDelay: " + maxDelay.toMillis() + " ms (expected: 0 or more)");
        }
        latencyTarget.ifPresent(BatchSpec::requirePositive);
        if (splits && sequences.isPresent()) {
            throw new IllegalArgumentException(
                    "split: true (expected: false, since requests of a sequence run one after the other)");
        }
        if (!sizes.isAny() && sizes.largest() != maxSize) {
            throw new IllegalArgumentException("allowedSizes: " + sizes.sizes() + " (expected: the last to be "
                    + maxSize + ", the largest batch)");
        }
    }

    private static void requirePositive(Duration target) {
        if (target.isNegative() || target.isZero()) {
            throw new IllegalArgumentException("latencyTarget: " + target.toMillis() + " ms (expected: 1 or more)");
        }
    }

    /** Batches of a fixed largest size and delay, without priorities. */
    public BatchSpec(int maxSize, Duration maxDelay) {
        this(maxSize, maxDelay, Optional.empty(), PrioritySpec.NONE, AllowedSizes.ANY, false, Optional.empty());
    }

    /** The same, sizing itself by a target. */
    public BatchSpec withLatencyTarget(Duration target) {
        return new BatchSpec(maxSize, maxDelay, Optional.of(target), priorities, sizes, splits, sequences);
    }

    /** The same with levels. */
    public BatchSpec withPriorities(PrioritySpec levels) {
        return new BatchSpec(maxSize, maxDelay, latencyTarget, levels, sizes, splits, sequences);
    }

    /** The same for an engine that takes only some numbers of rows. */
    public BatchSpec withSizes(AllowedSizes allowed) {
        return new BatchSpec(maxSize, maxDelay, latencyTarget, priorities, allowed, splits, sequences);
    }

    /** The same, taking larger requests in parts. */
    public BatchSpec withSplits() {
        return new BatchSpec(maxSize, maxDelay, latencyTarget, priorities, sizes, true, sequences);
    }

    /** The same for a model whose requests belong to sequences. */
    public BatchSpec withSequences(SequenceSpec bounds) {
        return new BatchSpec(maxSize, maxDelay, latencyTarget, priorities, sizes, splits, Optional.of(bounds));
    }
}
