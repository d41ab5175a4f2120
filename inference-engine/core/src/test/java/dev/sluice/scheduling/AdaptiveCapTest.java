// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.AllowedSizes;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class AdaptiveCapTest {
    private static AdaptiveCap after(AdaptiveCap cap, int batches, boolean isInTime, boolean isFull, int rows) {
        AdaptiveCap next = cap;
        for (int i = 0; i < batches; i++) {
            next = next.after(isInTime, isFull, rows, AllowedSizes.ANY);
        }
        return next;
    }

    @Test
    void believesTheLineUntilSomethingSpeaksAgainstIt() {
        assertThat(AdaptiveCap.of(64).rows(20)).isEqualTo(20);
        assertThat(AdaptiveCap.of(64).rows(99)).isEqualTo(64);
        assertThat(AdaptiveCap.of(64).rows(0)).isEqualTo(1);
    }

    /** Planted: a tenth of what the line says instead of a tenth of the ceiling: one slow batch held it down for minutes. */
    @Test
    void goesDownByATenthWithEachBatchThatTookTooLong() {
        AdaptiveCap once = after(AdaptiveCap.of(64), 1, false, true, 20);

        assertThat(once.rows(64)).isEqualTo(57);
        assertThat(once.rows(20)).as("one outlier").isEqualTo(20);
        assertThat(after(once, 1, false, true, 20).rows(64)).isEqualTo(51);
        assertThat(after(once, 40, false, true, 20).rows(64)).isEqualTo(1);
    }

    /** Planted: a step for each good batch. */
    @Test
    void takesBackAStepAfterAHundredBatchesInTime() {
        AdaptiveCap low = after(AdaptiveCap.of(64), 1, false, true, 64);

        assertThat(after(low, 99, true, false, 64).rows(64)).isEqualTo(57);
        assertThat(after(low, 100, true, false, 64).rows(64)).isEqualTo(58);
        assertThat(after(low, 100_000, true, false, 64).rows(99)).isEqualTo(64);
    }

    /** Planted: full batches not counted apart: many small ones allowed the largest. */
    @Test
    void triesMoreThanTheLineSaysOnlyAfterFullBatches() {
        assertThat(after(AdaptiveCap.of(64), 1000, true, false, 4).rows(4)).isEqualTo(4);
        assertThat(after(AdaptiveCap.of(64), 99, true, true, 4).rows(4)).isEqualTo(4);

        AdaptiveCap small = after(AdaptiveCap.of(64), 99, true, false, 4);
        assertThat(after(small, 1, true, true, 4).rows(4)).isEqualTo(4);
        AdaptiveCap full = after(AdaptiveCap.of(64), 99, true, true, 4);
        assertThat(after(full, 1, true, false, 4).rows(4)).isEqualTo(4);

        AdaptiveCap tried = after(AdaptiveCap.of(64), 100, true, true, 4);
        assertThat(tried.rows(4)).isEqualTo(5);
        assertThat(after(tried, 1, false, true, 5).rows(4)).isEqualTo(4);
    }

    @Test
    void stepsFromSizeToSize() {
        AdaptiveCap cap = AdaptiveCap.of(64);
        for (int i = 0; i < 100; i++) {
            cap = cap.after(true, true, 8, AllowedSizes.of(1, 8, 64));
        }
        assertThat(cap.rows(8)).isEqualTo(64);
    }

    /** Planted: no least ceiling. */
    @Property
    void staysWithinItsBoundsAndNeverRisesWithABatchThatTookTooLong(
            @ForAll @IntRange(min = 1, max = 100) int most,
            @ForAll @Size(max = 400) List<Boolean> inTime,
            @ForAll @IntRange(max = 200) int fitting) {
        AdaptiveCap cap = AdaptiveCap.of(most);
        for (boolean good : inTime) {
            int before = cap.rows(fitting);
            cap = cap.after(good, true, before, AllowedSizes.ANY);
            assertThat(cap.rows(fitting)).isBetween(1, most);
            assertThat(cap.rows(fitting)).isLessThanOrEqualTo(good ? before + 1 : before);
        }
    }
}
