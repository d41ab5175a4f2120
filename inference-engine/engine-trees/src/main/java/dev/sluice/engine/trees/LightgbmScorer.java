// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;

/**
 * LightGBM's predictions without LightGBM.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class LightgbmScorer extends JavaScorer {
    private final DoubleForest forest;
    private final LightgbmObjective objective;
    private final int outputs;
    private final int rowBytes;

    /** What sums are divided by: rounds of a random forest, else 1. */
    private final double divisor;

    LightgbmScorer(DoubleForest forest, LightgbmObjective objective, int outputs, boolean averages, int features) {
        this.forest = forest;
        this.objective = objective;
        this.outputs = outputs;
        this.rowBytes = 8 * features;
        this.divisor = averages ? Math.max(1, forest.trees() / outputs) : 1;
    }

    @Override
    public int width() {
        return outputs;
    }

    @Override
    public void score(ByteBuffer features, int rows, ByteBuffer predictions) {
        for (int row = 0; row < rows; row++) {
            int to = 8 * row * outputs;
            for (int output = 0; output < outputs; output++) {
                predictions.putDouble(to + 8 * output, forest.sum(features, row * rowBytes, output, outputs) / divisor);
            }
            objective.apply(predictions, to, outputs);
        }
    }
}
