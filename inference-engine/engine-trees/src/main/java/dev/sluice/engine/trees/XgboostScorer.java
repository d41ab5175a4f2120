// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;

/**
 * XGBoost's predictions without XGBoost.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class XgboostScorer extends JavaScorer {
    private final Margins margins;
    private final XgboostObjective objective;
    private final float[] bases;
    private final int rowBytes;

    /** @param bases per output: the margin everything is added to */
    XgboostScorer(Margins margins, XgboostObjective objective, float[] bases, int features) {
        this.margins = margins;
        this.objective = objective;
        this.bases = bases;
        this.rowBytes = 4 * features;
    }

    @Override
    public int width() {
        return objective.givesClass() ? 1 : margins.groups();
    }

    @Override
    public void score(ByteBuffer features, int rows, ByteBuffer predictions) {
        int groups = margins.groups();
        for (int row = 0; row < rows; row++) {
            int from = row * rowBytes;
            if (objective.givesClass()) {
                predictions.putFloat(4 * row, bestClass(features, from));
                continue;
            }
            int to = 4 * row * groups;
            for (int group = 0; group < groups; group++) {
                predictions.putFloat(to + 4 * group, margins.margin(features, from, group, bases[group]));
            }
            objective.apply(predictions, to, groups);
        }
    }

    /** The first of the classes with the largest margin. */
    private float bestClass(ByteBuffer features, int row) {
        int best = 0;
        float largest = margins.margin(features, row, 0, bases[0]);
        for (int group = 1; group < margins.groups(); group++) {
            float margin = margins.margin(features, row, group, bases[group]);
            if (margin > largest) {
                best = group;
                largest = margin;
            }
        }
        return best;
    }
}
