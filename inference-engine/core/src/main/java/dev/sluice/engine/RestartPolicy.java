// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * When an instance is made anew that was lost or could not be made: after the first delay, then, as long as that fails, after each of
 * the others, and after the last one again and again. An instance that ran something, or that was up for as long as the longest of
 * them, begins with the first one again, and one that was up at all with the second.
 *
 * @param delays one or more
 * @param window how long after the first failure that counts as trying: when it is over the model has failed for operators, though
 *     tries go on. Zero for no tries at all
 */
public record RestartPolicy(List<Duration> delays, Duration window) {
    /** At once, then less and less often; for what lives in this process. */
    public static final RestartPolicy SOON = new RestartPolicy(
            Stream.of(0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000)
                    .map(Duration::ofMillis)
                    .toList(),
            Duration.ofMinutes(5));

    public RestartPolicy {
        delays = List.copyOf(delays);
        if (delays.isEmpty()) {
            throw new IllegalArgumentException("delays: none (expected: 1 or more)");
        }
        if (window.isNegative()) {
            throw new IllegalArgumentException("window: " + window + " (expected: 0 or more)");
        }
    }

    /** The delay after {@code failures} failures in a row, 1 or more. */
    public Duration delay(int failures) {
        return delays.get(Math.min(failures, delays.size()) - 1);
    }

    /** The longest of the delays. */
    public Duration longestDelay() {
        return Collections.max(delays);
    }

    /** Whether there are tries. */
    public boolean tries() {
        return !window.isZero();
    }
}
