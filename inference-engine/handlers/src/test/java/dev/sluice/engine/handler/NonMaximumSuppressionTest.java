// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class NonMaximumSuppressionTest {
    // Seen to fail when boxes of all classes are compared, and when the lower score is kept.
    @Test
    void keepsTheBestOfEachHeap() {
        Detection worse = box(1, 0, 0, 10, 10, 0.6);
        Detection best = box(1, 1, 0, 11, 10, 0.9);
        Detection otherClass = box(2, 0, 0, 10, 10, 0.7);
        Detection elsewhere = box(1, 50, 50, 60, 60, 0.5);

        assertThat(NonMaximumSuppression.of(List.of(worse, best, otherClass, elsewhere), 0.5, 10))
                .containsExactly(best, otherClass, elsewhere);
    }

    @Test
    void comparesWithTheOverlapAllowed() {
        Detection one = box(1, 0, 0, 10, 10, 0.9);
        Detection half = box(1, 5, 0, 15, 10, 0.8);

        assertThat(one.overlap(half)).isCloseTo(1 / 3.0, Offset.offset(1e-12));
        assertThat(NonMaximumSuppression.of(List.of(one, half), 0.34, 10)).hasSize(2);
        assertThat(NonMaximumSuppression.of(List.of(one, half), 0.33, 10)).containsExactly(one);
    }

    @Test
    void takesBoxesWithoutAreaForApart() {
        Detection point = box(1, 5, 5, 5, 5, 0.9);
        Detection turned = box(1, 9, 9, 1, 1, 0.8);

        assertThat(NonMaximumSuppression.of(List.of(point, turned, point), 0.5, 10))
                .containsExactly(point, point, turned);
    }

    @Test
    void stopsAtTheMostWanted() {
        List<Detection> many = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            many.add(box(1, 20 * i, 0, 20 * i + 10, 10, 0.5));
        }

        assertThat(NonMaximumSuppression.of(many, 0.5, 7)).containsExactlyElementsOf(many.subList(0, 7));
    }

    private static Detection box(int label, double left, double top, double right, double bottom, double score) {
        return new Detection(label, left, top, right, bottom, score);
    }
}
