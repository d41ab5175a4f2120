// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ServiceTimesTest {
    private static final long MILLI = 1_000_000;

    private final ServiceTimes times = new ServiceTimes();

    @Test
    void knowsNothingBeforeTheFirstBatch() {
        assertThat(times.estimateNanos(8)).isZero();
        assertThat(times.rowsWithin(MILLI)).isZero();
        assertThat(times.hasLine()).isFalse();
    }

    @Test
    void takesTimeInProportionUntilItHasSeenTwoSizes() {
        times.add(4, 8 * MILLI);

        assertThat(times.estimateNanos(8)).isEqualTo(16 * MILLI);
        assertThat(times.rowsWithin(16 * MILLI)).isEqualTo(8);
        assertThat(times.hasLine()).isFalse();
    }

    /** Planted: the slope thrown away when sizes no longer differ; the estimate was 96 ms. */
    @Test
    void keepsItsSlopeWhileBatchesAreAllOfOneSize() {
        times.add(1, 12 * MILLI);
        times.add(32, 43 * MILLI);
        for (int i = 0; i < 1000; i++) {
            times.add(4, 15 * MILLI);
        }

        assertThat(times.estimateNanos(32)).isBetween(42 * MILLI, 44 * MILLI);
        assertThat(times.rowsWithin(23 * MILLI)).isBetween(11, 12);
    }

    /** Planted: slopes below 0 and above proportion let through. */
    @Test
    void believesNoBatchToBeFasterForItsRowsNorSlowerThanItsRowsOneByOne() {
        times.add(1, 50 * MILLI);
        times.add(2, 3 * MILLI);
        assertThat(times.estimateNanos(100)).isEqualTo(times.estimateNanos(1));

        ServiceTimes steep = new ServiceTimes();
        steep.add(1, MILLI);
        steep.add(2, 50 * MILLI);
        assertThat(steep.estimateNanos(0)).isNotNegative();
        assertThat(steep.estimateNanos(1)).isGreaterThan(0);
    }

    /** Planted: rounded up. */
    @Property(tries = 300)
    void findsTheMostRowsWhoseEstimateFits(
            @ForAll @IntRange(max = 20) int alpha, @ForAll @IntRange(min = 1, max = 20) int beta, @ForAll long seed) {
        ServiceTimes line = new ServiceTimes();
        Random random = new Random(seed);
        for (int i = 0; i < 50; i++) {
            int rows = 1 + random.nextInt(32);
            line.add(rows, (alpha + (long) beta * rows) * MILLI);
        }
        long limit = (alpha + beta * (long) (1 + random.nextInt(40))) * MILLI + random.nextInt((int) MILLI);

        int most = line.rowsWithin(limit);

        assertThat(line.estimateNanos(most)).isLessThanOrEqualTo(limit);
        assertThat(line.estimateNanos(most + 1)).isGreaterThan(limit);
    }
}
