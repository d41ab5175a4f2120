// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

/** Scores {@code [classes, height, width]}, read pixel by pixel. */
final class Segments {
    private final OutputRow scores;
    private final int classes;
    private final int width;
    private final int height;

    Segments(OutputRow scores) {
        this.scores = scores;
        this.classes = (int) scores.shape().dimension(0);
        this.height = (int) scores.shape().dimension(1);
        this.width = (int) scores.shape().dimension(2);
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** The class with the highest score at pixel {@code i}; of equals the first, and no number goes before all. */
    int best(int i) {
        int best = 0;
        float highest = score(0, i);
        for (int k = 1; k < classes && !Float.isNaN(highest); k++) {
            float score = score(k, i);
            if (!(score <= highest)) {
                best = k;
                highest = score;
            }
        }
        return best;
    }

    /** The probability of class {@code best}, which has the highest score at pixel {@code i}, by softmax over all. */
    float probability(int i, int best) {
        float highest = score(best, i);
        float sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += (float) Math.exp(score(k, i) - highest);
        }
        return 1 / sum;
    }

    private float score(int k, int i) {
        return (float) scores.number(k * width * height + i);
    }
}
