// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/**
 * What XGBoost makes of the sums of its trees, by the objective a model was trained for. Sums are called margins.
 *
 * <p>Exponentials are taken in double precision and rounded, which differs from the library's single-precision function in the last bit at
 * most.
 *
 * @param link how the base score, which is told as a prediction, becomes a margin
 * @param answer how margins become predictions
 */
record XgboostObjective(Link link, Answer answer) {
    /** From a prediction to a margin. */
    enum Link {
        SAME,
        LOG,
        LOGIT
    }

    /** From margins to predictions. */
    enum Answer {
        MARGIN,
        EXP,
        SIGMOID,
        STEP,
        SOFTMAX,
        BEST_CLASS
    }

    private static final XgboostObjective SAME = new XgboostObjective(Link.SAME, Answer.MARGIN);
    private static final XgboostObjective EXP = new XgboostObjective(Link.LOG, Answer.EXP);
    private static final XgboostObjective SIGMOID = new XgboostObjective(Link.LOGIT, Answer.SIGMOID);

    private static final Map<String, XgboostObjective> BY_NAME = Map.ofEntries(
            Map.entry("reg:squarederror", SAME),
            Map.entry("reg:linear", SAME),
            Map.entry("reg:squaredlogerror", SAME),
            Map.entry("reg:absoluteerror", SAME),
            Map.entry("reg:pseudohubererror", SAME),
            Map.entry("reg:quantileerror", SAME),
            Map.entry("rank:pairwise", SAME),
            Map.entry("rank:ndcg", SAME),
            Map.entry("rank:map", SAME),
            Map.entry("reg:logistic", SIGMOID),
            Map.entry("binary:logistic", SIGMOID),
            Map.entry("binary:logitraw", SAME),
            Map.entry("binary:hinge", new XgboostObjective(Link.SAME, Answer.STEP)),
            Map.entry("count:poisson", EXP),
            Map.entry("reg:gamma", EXP),
            Map.entry("reg:tweedie", EXP),
            Map.entry("survival:cox", EXP),
            Map.entry("survival:aft", EXP),
            Map.entry("multi:softprob", new XgboostObjective(Link.SAME, Answer.SOFTMAX)),
            Map.entry("multi:softmax", new XgboostObjective(Link.SAME, Answer.BEST_CLASS)));

    /** The objective of that name, if it is known. */
    static Optional<XgboostObjective> named(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    /** The margin that stands for the prediction {@code score}; not finite if none does. */
    float margin(float score) {
        return switch (link) {
            case SAME -> score;
            case LOG -> (float) Math.log(score);
            case LOGIT -> -(float) Math.log(1f / score - 1f);
        };
    }

    /** Whether one number comes of all margins of a row. */
    boolean givesClass() {
        return answer == Answer.BEST_CLASS;
    }

    /** Turns the {@code count} margins at {@code at} into predictions. */
    void apply(ByteBuffer numbers, int at, int count) {
        if (answer == Answer.MARGIN) {
            return;
        }
        if (answer == Answer.SOFTMAX) {
            softmax(numbers, at, count);
            return;
        }
        for (int i = at, end = at + 4 * count; i < end; i += 4) {
            numbers.putFloat(i, apply(numbers.getFloat(i)));
        }
    }

    private float apply(float margin) {
        return switch (answer) {
            case EXP -> exp(margin);
            // The bound keeps the exponential finite, as the library does.
            case SIGMOID -> 1f / (exp(Math.min(-margin, 88.7f)) + 1f + 1e-16f);
            case STEP -> margin > 0 ? 1 : 0;
            case MARGIN, SOFTMAX, BEST_CLASS -> margin;
        };
    }

    private static float exp(float value) {
        return (float) Math.exp(value);
    }

    private static void softmax(ByteBuffer numbers, int at, int count) {
        int end = at + 4 * count;
        float largest = numbers.getFloat(at);
        for (int i = at + 4; i < end; i += 4) {
            largest = Math.max(largest, numbers.getFloat(i));
        }
        double sum = 0;
        for (int i = at; i < end; i += 4) {
            float term = exp(numbers.getFloat(i) - largest);
            numbers.putFloat(i, term);
            sum += term;
        }
        for (int i = at; i < end; i += 4) {
            numbers.putFloat(i, numbers.getFloat(i) / (float) sum);
        }
    }
}
