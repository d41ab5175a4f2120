// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class HalfFloatTest {
    @Test
    void everyHalfSurvivesTheWayThere() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = HalfFloat.toFloat((short) bits);
            if (!Float.isNaN(value)) {
                assertThat(HalfFloat.fromFloat(value)).as("%x", bits).isEqualTo((short) bits);
            }
        }
        assertThat(HalfFloat.toFloat(HalfFloat.fromFloat(Float.NaN))).isNaN();
    }

    /** Planted: rounding that forgets the tie to even. */
    @Property
    void takesTheNearest(@ForAll float value) {
        if (Float.isNaN(value)) {
            return;
        }
        short half = HalfFloat.fromFloat(value);
        double own = HalfFloat.toFloat(half);
        if (Double.isInfinite(own)) {
            assertThat(Math.abs(value)).isGreaterThanOrEqualTo(65520);
            return;
        }
        for (int step : new int[] {-1, 1}) {
            double neighbour = HalfFloat.toFloat((short) (half + step));
            if (Double.isFinite(neighbour)) {
                assertThat(Math.abs(own - value)).isLessThanOrEqualTo(Math.abs(neighbour - value));
            }
        }
    }

    @Property
    void takesTheNearestOfTheUpperHalves(@ForAll float value) {
        float own = Float.intBitsToFloat(HalfFloat.brainFromFloat(value) << 16);
        if (Float.isFinite(own)) {
            assertThat(Math.abs((double) own - value)).isLessThanOrEqualTo(Math.ulp(value) * (1 << 15));
        }
    }

    @Test
    void roundsTiesToEven() {
        assertThat(HalfFloat.fromFloat(2049)).isEqualTo(HalfFloat.fromFloat(2048));
        assertThat(HalfFloat.fromFloat(2051)).isEqualTo(HalfFloat.fromFloat(2052));
        assertThat(HalfFloat.fromFloat(65519)).isEqualTo((short) 0x7bff);
        assertThat(HalfFloat.fromFloat(65520)).isEqualTo((short) 0x7c00);
        assertThat(HalfFloat.brainFromFloat(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80);
        assertThat(HalfFloat.brainFromFloat(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
    }
}
