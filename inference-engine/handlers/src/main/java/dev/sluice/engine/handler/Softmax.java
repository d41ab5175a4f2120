// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.util.Comparator;
import java.util.PriorityQueue;

/** From scores to probabilities, and to the highest of them. */
final class Softmax {
    private Softmax() {}

    /** In single precision at each step, as the original's: exact arithmetic would differ from it more often. */
    static float[] of(OutputRow scores) {
        float[] values = new float[scores.size()];
        float highest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) scores.number(i);
            highest = Math.max(highest, values[i]);
        }
        float sum = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.exp(values[i] - highest);
            sum += values[i];
        }
        for (int i = 0; i < values.length; i++) {
            values[i] /= sum;
        }
        return values;
    }

    /** Indices of the {@code count} highest, or of all if there are fewer, from the highest down; of equals the first. */
    static int[] highest(float[] values, int count) {
        Comparator<Integer> ascending =
                Comparator.<Integer>comparingDouble(i -> values[i]).thenComparing(Comparator.reverseOrder());
        PriorityQueue<Integer> best = new PriorityQueue<>(ascending);
        for (int i = 0; i < values.length; i++) {
            if (best.size() < count) {
                best.add(i);
            } else if (values[i] > values[best.element()]) {
                best.poll();
                best.add(i);
            }
        }
        int[] indices = new int[best.size()];
        for (int i = indices.length - 1; i >= 0; i--) {
            indices[i] = best.remove();
        }
        return indices;
    }
}
