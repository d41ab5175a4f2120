// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;

/**
 * The levels requests of one model version can have, 1 being served first.
 *
 * @param levels how many there are, 1 or more
 * @param defaultLevel the level of requests that ask for none
 * @param ageing the time after which a waiting request counts as one level higher, again and again, so that none waits for ever
 */
public record PrioritySpec(int levels, int defaultLevel, Duration ageing) {
    /** One level for all. */
    public static final PrioritySpec NONE = new PrioritySpec(1, 1, Duration.ofSeconds(1));

    public PrioritySpec {
        if (levels < 1) {
            throw new IllegalArgumentException("priorityLevels: " + levels + " (expected: 1 or more)");
        }
        if (defaultLevel < 1 || defaultLevel > levels) {
            throw new IllegalArgumentException("defaultPriority: " + defaultLevel + " (expected: 1.." + levels + ")");
        }
        if (ageing.isNegative() || ageing.isZero()) {
            throw new IllegalArgumentException("ageing: " + ageing.toMillis() + " ms (expected: 1 or more)");
        }
    }
}
