// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Arrays;

/**
 * The last values of a history, as many as a model looks back at, scaled. Where there is no value, because the history is
 * shorter or one is missing, the mask is 0, else 1.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
record ContextWindow(float[] values, float[] mask, double centre, double scale) {
    /** @throws ServingException {@code INVALID_INPUT} if values are missing that must not, or features are not as many */
    static ContextWindow of(History history, ForecastOptions options) {
        if (history.features().size() != options.features()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "feat_dynamic_real: " + history.features().size() + " series (expected: " + options.features()
                            + ", as the model takes)");
        }
        int length = options.contextLength();
        double[] target = filled(history.target(), options.missing());
        double[] last = Arrays.copyOfRange(target, Math.max(0, target.length - length), target.length);
        double[] scaling = scaling(last, options.scaling());
        int columns = 1 + options.features();
        float[] values = new float[length * columns];
        float[] mask = new float[length];
        int padding = length - last.length;
        int before = history.target().length - last.length;
        for (int i = 0; i < last.length; i++) {
            int at = padding + i;
            mask[at] = Double.isNaN(history.target()[before + i]) ? 0 : 1;
            // Behind a mask stands a number, whatever is to be put where there is none.
            boolean isHidden = options.hasMask() && Double.isNaN(last[i]);
            values[at * columns] = isHidden ? 0 : (float) ((last[i] - scaling[0]) / scaling[1]);
            for (int feature = 1; feature < columns; feature++) {
                values[at * columns + feature] = feature(history.features().get(feature - 1)[before + i]);
            }
        }
        return new ContextWindow(values, mask, scaling[0], scaling[1]);
    }

    /** What the scaled number {@code predicted}, of single precision, stands for; more digits of it would say nothing. */
    double unscaled(double predicted) {
        return (float) (predicted * scale) + centre;
    }

    private static float feature(double value) {
        if (Double.isNaN(value)) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "feat_dynamic_real: null (expected: numbers, none of which is missing)");
        }
        return (float) value;
    }

    private static double[] filled(double[] target, ForecastOptions.Missing missing) {
        double[] filled = target.clone();
        double last = 0;
        for (int i = 0; i < filled.length; i++) {
            if (Double.isNaN(filled[i])) {
                filled[i] = switch (missing) {
                    case REFUSE ->
                        throw new ServingException(
                                ErrorCode.INVALID_INPUT,
                                "target[" + i + "]: null (expected: a number, as handler.forecast.missing is refuse)");
                    case LAST -> last;
                    case ZERO -> 0;
                    case NAN -> Double.NaN;
                };
            }
            last = filled[i];
        }
        return filled;
    }

    /** Centre and scale of the values that are there; a scale that would be 0 is 1. */
    private static double[] scaling(double[] values, ForecastOptions.Scaling scaling) {
        double[] there =
                Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
        if (there.length == 0 || scaling == ForecastOptions.Scaling.NONE) {
            return new double[] {0, 1};
        }
        if (scaling == ForecastOptions.Scaling.MEANABS) {
            double mean = Arrays.stream(there).map(Math::abs).average().orElse(0);
            return new double[] {0, mean == 0 ? 1 : mean};
        }
        double mean = Arrays.stream(there).average().orElse(0);
        double variance = Arrays.stream(there)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElse(0);
        return new double[] {mean, variance == 0 ? 1 : Math.sqrt(variance)};
    }
}
