// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code handler.forecast} in a model's configuration file says. What the model's declared inputs say may be left out.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>Key</th><th>Value</th><th>Default</th></tr>
 * <tr><td>{@code contextLength}</td><td>1..100000 values the model looks back at</td><td>as the model's input</td></tr>
 * <tr><td>{@code features}</td><td>0..1000 series that go along with the target</td><td>as the model's input; 0</td></tr>
 * <tr><td>{@code scaling}</td><td>{@code meanAbs}, {@code standard} or {@code none}</td><td>{@code meanAbs}</td></tr>
 * <tr><td>{@code missing}</td><td>{@code refuse}, {@code last}, {@code zero} or {@code nan}</td>
 *     <td>{@code refuse}</td></tr>
 * <tr><td>{@code mask}</td><td>name of the input that says which values are there</td>
 *     <td>the second of two inputs</td></tr>
 * <tr><td>{@code quantiles}</td><td>levels in 0..1, in the model's order</td><td>0.1, 0.2 to 0.9</td></tr>
 * </table>
 *
 * @param maskFirst whether the input for the mask comes before the one for the values
 * @param hasMask whether there is one
 */
record ForecastOptions(
        int contextLength,
        int features,
        boolean hasFeatureDimension,
        Scaling scaling,
        Missing missing,
        boolean hasMask,
        boolean maskFirst,
        List<String> quantiles) {
    static final String HANDLER = "forecast";
    private static final Set<String> KEYS =
            Set.of("contextLength", "features", "scaling", "missing", "mask", "quantiles");
    private static final int MAX_CONTEXT = 100_000;
    private static final int MAX_FEATURES = 1000;
    private static final List<String> TENTHS = List.of("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9");

    /** How values are brought to a size models are trained with. */
    enum Scaling {
        MEANABS,
        STANDARD,
        NONE
    }

    /** What happens to {@code null} among the values. */
    enum Missing {
        REFUSE,
        LAST,
        ZERO,
        NAN
    }

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key or the input that is wrong */
    static ForecastOptions of(ModelSpec spec, Signature signature) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "forecast");
        options.allowOnly(KEYS);
        List<TensorSpec> inputs = signature.inputs();
        if (inputs.size() > 2) {
            throw InputCheck.invalid(
                    HANDLER + ": the model takes " + inputs.size() + " inputs (expected: values, and perhaps a mask)");
        }
        InputCheck.requireRows(HANDLER, signature);
        int mask = mask(options, inputs);
        Optional<TensorSpec> values = inputs.isEmpty() ? Optional.empty() : Optional.of(inputs.get(mask == 0 ? 1 : 0));
        Optional<Shape> row = values.map(input -> input.shape().row());
        ForecastOptions made = new ForecastOptions(
                context(options, row),
                features(options, row),
                row.map(shape -> shape.rank() == 2).orElse(options.has("features")),
                Scaling.valueOf(word(options, "scaling", List.of("meanAbs", "standard", "none"))),
                Missing.valueOf(word(options, "missing", List.of("refuse", "last", "zero", "nan"))),
                mask >= 0,
                mask == 0,
                quantiles(options));
        values.ifPresent(input -> check(input, made.valuesRow()));
        if (mask >= 0) {
            check(inputs.get(mask), made.maskRow());
        }
        return made;
    }

    Shape valuesRow() {
        return hasFeatureDimension ? Shape.of(contextLength, 1L + features) : Shape.of(contextLength);
    }

    Shape maskRow() {
        return Shape.of(contextLength);
    }

    private static void check(TensorSpec input, Shape row) {
        if (input.type() != DataType.FP32 || !input.shape().row().accepts(row)) {
            throw InputCheck.mismatch(HANDLER, input, "FP32 " + row.rows(Shape.ANY) + ", as handler.forecast is set");
        }
    }

    /** The words' first is the default. */
    private static String word(OptionMap options, String key, List<String> words) {
        return options.word(key, words).orElse(words.get(0)).toUpperCase(Locale.ROOT);
    }

    private static int mask(OptionMap options, List<TensorSpec> inputs) {
        if (!options.has("mask")) {
            return inputs.size() == 2 ? 1 : -1;
        }
        List<String> names = inputs.stream().map(TensorSpec::name).toList();
        int index = names.indexOf(options.text("mask", ""));
        if (index < 0 || inputs.size() != 2) {
            throw options.refused("mask", "one of two inputs of the model, which has " + names);
        }
        return index;
    }

    private static int context(OptionMap options, Optional<Shape> row) {
        long declared = row.filter(shape -> shape.rank() > 0)
                .map(shape -> shape.dimension(0))
                .orElse(Shape.ANY);
        boolean isKnown = declared >= 1 && declared <= MAX_CONTEXT;
        int length = options.integer("contextLength", 1, MAX_CONTEXT, isKnown ? (int) declared : 0);
        if (length == 0) {
            throw options.refused("contextLength", "1.." + MAX_CONTEXT + ", since the model's input does not say");
        }
        return length;
    }

    private static int features(OptionMap options, Optional<Shape> row) {
        long declared = row.filter(shape -> shape.rank() == 2)
                .map(shape -> shape.dimension(1))
                .orElse(1L);
        boolean isKnown = declared >= 1 && declared <= MAX_FEATURES + 1;
        return options.integer("features", 0, MAX_FEATURES, isKnown ? (int) declared - 1 : 0);
    }

    private static List<String> quantiles(OptionMap options) {
        Optional<List<Double>> levels = options.numberList("quantiles", 0, 1);
        if (levels.isEmpty()) {
            return TENTHS;
        }
        List<String> names = new ArrayList<>();
        for (double level : levels.get()) {
            names.add(Double.toString(level));
        }
        return names;
    }
}
