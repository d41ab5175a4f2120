// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivalRateTest {
    private static final long MILLI = 1_000_000;

    /** Planted: the clock's arbitrary origin taken for the time since the last request; the rate was NaN. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MIN_VALUE, Long.MAX_VALUE - 1000 * MILLI, 12345})
    void findsASteadyRateFromAnyOrigin(long origin) {
        ArrivalRate rate = new ArrivalRate();
        for (int i = 0; i < 5000; i++) {
            rate.add(2, origin + i * MILLI);
        }

        assertThat(rate.perNano(origin + 5000 * MILLI) * MILLI).isCloseTo(2, within(0.02));
    }

    @Test
    void forgets() {
        ArrivalRate rate = new ArrivalRate();
        rate.add(1000, 0);

        assertThat(rate.perNano(10 * ArrivalRate.MEMORY_NANOS) * MILLI).isLessThan(0.001);
    }

    @Test
    void isNotPutOffByRequestsThatChangedPlaces() {
        ArrivalRate rate = new ArrivalRate();
        rate.add(1, 10 * MILLI);
        rate.add(1, 5 * MILLI);

        assertThat(rate.perNano(10 * MILLI) * ArrivalRate.MEMORY_NANOS).isCloseTo(2, within(1e-9));
    }

    /** What {@link WaitingWorth} relies on: one that waits does not take itself for company. */
    @Test
    void expectsNoMoreThanAFractionOfARowAfterALoneOne() {
        ArrivalRate rate = new ArrivalRate();
        rate.add(1, 0);

        assertThat(rate.perNano(0) * 100 * MILLI).isLessThanOrEqualTo(0.2);
    }
}
