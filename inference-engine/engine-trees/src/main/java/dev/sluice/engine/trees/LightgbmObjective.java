// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What LightGBM makes of the sums of its trees, by the objective a model was trained for.
 *
 * @param slope of the logistic function, where there is one
 */
record LightgbmObjective(Answer answer, double slope) {
    /** From sums to predictions. */
    enum Answer {
        SUM,
        SQUARE,
        EXP,
        SIGMOID,
        LOG_OF_EXP,
        SOFTMAX
    }

    /** The objective as a model's header writes it, name first, then its parameters; empty if it is not known. */
    static Optional<LightgbmObjective> of(String header) {
        String[] words = header.strip().split("\\s+", -1);
        double slope = 1;
        boolean squares = false;
        for (String word : words) {
            if (word.startsWith("sigmoid:")) {
                slope = Numbers.real("sigmoid", word.substring("sigmoid:".length()));
            }
            squares |= word.equals("sqrt");
        }
        if (!(slope > 0 && slope < Double.MAX_VALUE)) {
            throw new MalformedModelException("sigmoid: " + slope + " (expected: a finite number above 0)");
        }
        double found = slope;
        return answer(words[0], squares).map(answer -> new LightgbmObjective(answer, found));
    }

    private static Optional<Answer> answer(String name, boolean squares) {
        return switch (name) {
            // A header without an objective: it was somebody's own function, and sums are all there is.
            case "", "huber", "fair", "lambdarank", "rank_xendcg" -> Optional.of(Answer.SUM);
            case "regression", "regression_l1", "quantile", "mape" -> Optional.of(squares ? Answer.SQUARE : Answer.SUM);
            case "poisson", "gamma", "tweedie" -> Optional.of(Answer.EXP);
            case "binary", "multiclassova" -> Optional.of(Answer.SIGMOID);
            // Its logistic function has no slope, and its header none to read.
            case "cross_entropy" -> Optional.of(Answer.SIGMOID);
            case "cross_entropy_lambda" -> Optional.of(Answer.LOG_OF_EXP);
            case "multiclass" -> Optional.of(Answer.SOFTMAX);
            default -> Optional.empty();
        };
    }

    /** Turns the {@code count} sums at {@code at} into predictions. */
    void apply(ByteBuffer numbers, int at, int count) {
        if (answer == Answer.SUM) {
            return;
        }
        if (answer == Answer.SOFTMAX) {
            softmax(numbers, at, count);
            return;
        }
        for (int i = at, end = at + 8 * count; i < end; i += 8) {
            numbers.putDouble(i, apply(numbers.getDouble(i)));
        }
    }

    private double apply(double sum) {
        return switch (answer) {
            case SQUARE -> Math.signum(sum) * sum * sum;
            case EXP -> Math.exp(sum);
            case SIGMOID -> 1 / (1 + Math.exp(-slope * sum));
            case LOG_OF_EXP -> Math.log1p(Math.exp(sum));
            case SUM, SOFTMAX -> sum;
        };
    }

    private static void softmax(ByteBuffer numbers, int at, int count) {
        int end = at + 8 * count;
        double largest = numbers.getDouble(at);
        for (int i = at + 8; i < end; i += 8) {
            largest = Math.max(largest, numbers.getDouble(i));
        }
        double sum = 0;
        for (int i = at; i < end; i += 8) {
            double term = Math.exp(numbers.getDouble(i) - largest);
            numbers.putDouble(i, term);
            sum += term;
        }
        for (int i = at; i < end; i += 8) {
            numbers.putDouble(i, numbers.getDouble(i) / sum);
        }
    }
}
