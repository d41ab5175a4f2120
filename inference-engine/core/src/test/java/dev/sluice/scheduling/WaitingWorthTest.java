// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WaitingWorthTest {
    private static final double PER_MILLI = 1e-6;
    private static final long MILLI = 1_000_000;

    /** Milliseconds. */
    @ParameterizedTest
    @CsvSource({
        // missing, rows a millisecond, at most, window
        "4, 1, 10, 4",
        "40, 1, 10, 10",
        "4, 0.09, 10, 0",
        "4, 0.1, 10, 10",
        "4, 1, 0, 0",
        "4, 1, -5, 0",
        "0, 1, 10, 0",
        "4, 0, 10, 0",
    })
    void isTheTimeInWhichTheMissingRowsAreExpected(int missing, double rate, long most, long window) {
        assertThat(WaitingWorth.windowNanos(missing, rate * PER_MILLI * 1.000001, most * MILLI) / (double) MILLI)
                .isCloseTo((double) window, offset(0.001));
    }

    /** Planted: no least number of rows; the most added to instead of the smaller of the two. */
    @Property
    void neverIsLongerThanItMayAndNeverWithoutARowToWaitFor(
            @ForAll @IntRange(max = 1000) int missing,
            @ForAll @DoubleRange(max = 1) double rate,
            @ForAll @LongRange(min = -1000, max = 1L << 40) long most) {
        long window = WaitingWorth.windowNanos(missing, rate, most);

        assertThat(window).isBetween(0L, Math.max(0, most));
        if (window > 0) {
            assertThat(rate * most).isGreaterThanOrEqualTo(1);
            assertThat(missing).isPositive();
        }
    }

    /** With a time of {@code alpha} for each batch, however many rows: two that run together save one. */
    @ParameterizedTest
    @CsvSource({
        // rows, rows a millisecond, window, alpha, worth
        "1, 1, 4, 5, true",
        "1, 0.5, 4, 1, false",
        "4, 1, 4, 15, false",
        "4, 1, 4, 17, true",
        "1, 0.1, 4, 100, false",
        "1, 1, 4, 0, false",
    })
    void isWorthItWhenMoreIsSavedThanLost(int rows, double rate, long window, long alpha, boolean isWorth) {
        assertThat(WaitingWorth.isWorth(rows, rate * PER_MILLI, window * MILLI, batch -> (alpha + batch) * MILLI))
                .isEqualTo(isWorth);
    }

    /** Planted: the time saved for all that wait against what one of them loses. */
    @Property
    void isWorthLessTheMoreRowsWait(
            @ForAll @IntRange(min = 1, max = 64) int rows,
            @ForAll @DoubleRange(max = 10) double rate,
            @ForAll @LongRange(min = 1, max = 100) long window,
            @ForAll @IntRange(max = 100) int alpha) {
        boolean few = WaitingWorth.isWorth(rows, rate * PER_MILLI, window * MILLI, batch -> (alpha + batch) * MILLI);
        boolean more =
                WaitingWorth.isWorth(rows + 1, rate * PER_MILLI, window * MILLI, batch -> (alpha + batch) * MILLI);

        assertThat(few || !more).isTrue();
    }
}
