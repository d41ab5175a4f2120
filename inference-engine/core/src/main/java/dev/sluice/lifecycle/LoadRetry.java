// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.time.Duration;

/**
 * How often, and after which pauses, to try again to load a version that failed. Each pause is twice the one before.
 *
 * @param tries how often it is tried in all, 1 or more
 * @param firstPause the pause after the first failure, above 0
 * @param longestPause the longest pause, at least the first
 */
public record LoadRetry(int tries, Duration firstPause, Duration longestPause) {
    /** Six tries within about half a minute. */
    public static final LoadRetry DEFAULT = new LoadRetry(6, Duration.ofSeconds(1), Duration.ofMinutes(1));

    public LoadRetry {
        if (tries < 1) {
            throw new IllegalArgumentException("load tries: " + tries + " (expected: 1 or more)");
        }
        if (firstPause.isNegative() || firstPause.isZero()) {
            throw new IllegalArgumentException("first pause: " + firstPause.toMillis() + " ms (expected: 1 or more)");
        }
        if (longestPause.compareTo(firstPause) < 0) {
            throw new IllegalArgumentException("longest pause: " + longestPause.toMillis() + " ms (expected: "
                    + firstPause.toMillis() + " or more)");
        }
    }

    /** The pause after so many failures, 1 or more. */
    Duration pauseAfter(int failures) {
        Duration pause = firstPause;
        for (int i = 1; i < failures && pause.compareTo(longestPause) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(longestPause) < 0 ? pause : longestPause;
    }
}
