// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import java.time.Duration;

/**
 * How much is sent, and how fast.
 *
 * @param ratePerSecond mean arrivals
 * @param count most requests sent
 * @param sending longest time they are sent for
 * @param patience how long the last endings are waited for; what has not ended then is lost
 * @param seed of the arrival times
 */
public record LoadPlan(double ratePerSecond, long count, Duration sending, Duration patience, long seed) {
    public LoadPlan {
        if (!(ratePerSecond > 0)) {
            throw new IllegalArgumentException("ratePerSecond: " + ratePerSecond + " (expected: more than 0)");
        }
        if (count < 1) {
            throw new IllegalArgumentException("count: " + count + " (expected: 1 or more)");
        }
    }

    /** Everything that arrives in {@code sending}. */
    public static LoadPlan lasting(double ratePerSecond, Duration sending) {
        return new LoadPlan(ratePerSecond, Long.MAX_VALUE, sending, Duration.ofSeconds(10), 1);
    }
}
