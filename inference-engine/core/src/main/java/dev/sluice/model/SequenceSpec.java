// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;

/**
 * The bounds of a model whose requests belong to sequences.
 *
 * @param maxOpen most sequences at a time, 1 or more
 * @param maxWaiting most requests of one sequence that wait for the one before them, 1 or more
 * @param maxIdle a sequence ends when nothing came for so long
 * @param maxAge a sequence ends when it is so old; zero for any age
 */
public record SequenceSpec(int maxOpen, int maxWaiting, Duration maxIdle, Duration maxAge) {
    public SequenceSpec {
        requireOne("maxNumSequence", maxOpen);
        requireOne("maxSequenceJobQueueSize", maxWaiting);
        if (maxIdle.isNegative() || maxIdle.isZero()) {
            throw new IllegalArgumentException("sequenceMaxIdleMSec: " + maxIdle.toMillis() + " (expected: 1 or more)");
        }
        if (maxAge.isNegative()) {
            throw new IllegalArgumentException("sequenceTimeoutMSec: " + maxAge.toMillis() + " (expected: 0 or more)");
        }
    }

    private static void requireOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 1 or more)");
        }
    }
}
