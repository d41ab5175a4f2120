// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;

/**
 * XGBoost's linear booster: a weight per feature and output, and one of each output's own. Missing numbers add nothing.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class LinearMargins implements Margins {
    private final float[] weights;
    private final int features;
    private final int groups;

    /** @param weights those of the first feature for each output, then of the next; last those of the outputs themselves */
    LinearMargins(float[] weights, int features, int groups) {
        this.weights = weights;
        this.features = features;
        this.groups = groups;
        if (weights.length != ((long) features + 1) * groups) {
            throw new MalformedModelException("weights: " + weights.length + " numbers (expected: "
                    + ((long) features + 1) * groups + " for " + features + " features and " + groups + " outputs)");
        }
        for (float weight : weights) {
            if (!Float.isFinite(weight)) {
                throw new MalformedModelException("a weight is " + weight + " (expected: a finite number)");
            }
        }
    }

    @Override
    public int groups() {
        return groups;
    }

    @Override
    public float margin(ByteBuffer features, int row, int group, float base) {
        float sum = weights[this.features * groups + group] + base;
        for (int i = 0; i < this.features; i++) {
            float value = features.getFloat(row + 4 * i);
            if (!Float.isNaN(value)) {
                sum += value * weights[i * groups + group];
            }
        }
        return sum;
    }
}
