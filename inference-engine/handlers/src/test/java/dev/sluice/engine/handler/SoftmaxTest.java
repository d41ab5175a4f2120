// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SoftmaxTest {
    @Test
    void ordersFromTheHighestDownAndEqualsByIndex() {
        assertThat(Softmax.highest(new float[] {1, 3, 2, 3, 0}, 3)).containsExactly(1, 3, 2);
        assertThat(Softmax.highest(new float[] {1, 3}, 5)).containsExactly(1, 0);
        assertThat(Softmax.highest(new float[] {2, 2, 2, 2}, 2)).containsExactly(0, 1);
        assertThat(Softmax.highest(new float[0], 5)).isEmpty();
    }

    @Property
    void findsTheHighest(
            @ForAll @Size(min = 1, max = 50) float[] values, @ForAll @IntRange(min = 1, max = 60) int count) {
        int[] best = Softmax.highest(values, count);

        assertThat(best).hasSize(Math.min(count, values.length)).doesNotHaveDuplicates();
        float lowest = values[best[best.length - 1]];
        long above = 0;
        for (float value : values) {
            above += value > lowest ? 1 : 0;
        }
        assertThat(above).isLessThan(best.length);
    }

    @Property
    void sumsToOne(@ForAll @Size(min = 1, max = 50) float[] scores) {
        float[] probabilities = Softmax.of(OutputRows.of(scores));

        double sum = 0;
        for (float probability : probabilities) {
            assertThat(probability).isBetween(0f, 1f);
            sum += probability;
        }
        assertThat(sum).isBetween(1 - 1e-5, 1 + 1e-5);
    }

    @Test
    void isSafeFromOverflow() {
        assertThat(Softmax.of(OutputRows.of(1e38f, 1e38f, -1e38f))).containsExactly(0.5f, 0.5f, 0f);
    }
}
