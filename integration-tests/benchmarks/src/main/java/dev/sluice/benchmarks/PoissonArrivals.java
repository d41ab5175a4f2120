// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Times at which independent callers would send: a Poisson process, the same one for the same seed.
 *
 * <p><b>Threads:</b> confined to one.
 */
final class PoissonArrivals {
    private final double meanGapNanos;
    private final SplittableRandom random;

    /** Written by the one thread. Not rounded, so that a million small errors do not change the rate. */
    private double lastNanos;

    PoissonArrivals(double ratePerSecond, long seed) {
        this.meanGapNanos = TimeUnit.SECONDS.toNanos(1) / ratePerSecond;
        this.random = new SplittableRandom(seed);
    }

    /** The next arrival, in nanoseconds after the start. */
    long nextNanos() {
        // 1 - u is in (0, 1], so the logarithm is finite.
        lastNanos -= Math.log(1 - random.nextDouble()) * meanGapNanos;
        return (long) lastNanos;
    }
}
