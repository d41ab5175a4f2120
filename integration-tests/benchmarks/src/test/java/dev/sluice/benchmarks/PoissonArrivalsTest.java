// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class PoissonArrivalsTest {
    @Test
    void repeatsItselfForTheSameSeed() {
        assertThat(first(1000, 7)).isEqualTo(first(1000, 7)).isNotEqualTo(first(1000, 8));
    }

    @Test
    void neverGoesBack() {
        assertThat(first(1000, 7)).isSorted();
    }

    @Test
    void keepsTheRateInTheLongRun() {
        long last = first(100_000, 7)[99_999];

        // The standard deviation of the sum of n gaps is 1 / sqrt(n) of it: 0.3 % here.
        assertThat(last).isCloseTo(100_000L * 1_000_000, Percentage.withPercentage(1));
    }

    /** The spread of exponential gaps is their mean: evenly spaced arrivals would have none. */
    @Test
    void comesInBursts() {
        long[] times = first(100_000, 7);
        double variance = LongStream.range(1, times.length)
                .mapToDouble(i -> times[(int) i] - times[(int) i - 1] - 1e6)
                .map(gap -> gap * gap)
                .average()
                .orElseThrow();

        assertThat(Math.sqrt(variance)).isCloseTo(1e6, Percentage.withPercentage(3));
    }

    /** Times of arrivals, 1,000 a second. */
    private static long[] first(int count, long seed) {
        PoissonArrivals arrivals = new PoissonArrivals(1000, seed);
        return LongStream.generate(arrivals::nextNanos).limit(count).toArray();
    }
}
