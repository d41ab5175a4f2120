// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;

/**
 * Where a model's answers change: features and the numbers they are compared to. Random rows that never meet one would prove little.
 *
 * <p><b>Threads:</b> confined to the thread that loads a model.
 */
final class SplitPoints {
    /** Enough to choose from; a model may have millions. */
    private static final int MOST = 100_000;

    private int[] features = new int[64];
    private double[] values = new double[64];
    private int size;

    void add(int feature, double value) {
        if (size == MOST) {
            return;
        }
        if (size == features.length) {
            features = Arrays.copyOf(features, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        features[size] = feature;
        values[size++] = value;
    }

    int size() {
        return size;
    }

    int feature(int index) {
        return features[index];
    }

    double value(int index) {
        return values[index];
    }
}
