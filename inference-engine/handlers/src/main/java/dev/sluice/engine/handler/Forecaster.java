// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * The codec of {@code forecast}: a history in, what comes next out, in the history's own size. An output of one number per step
 * is answered as {@code mean}, one of a number per step and quantile as {@code quantiles}.
 */
final class Forecaster implements RowCodec {
    private final ForecastOptions options;

    Forecaster(ForecastOptions options) {
        this.options = options;
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        return rows(ContextWindow.of(History.of(request), options));
    }

    private List<Rows> rows(ContextWindow window) {
        Rows values = new ComputedRow(options.valuesRow(), window.values());
        if (!options.hasMask()) {
            return List.of(values);
        }
        Rows mask = new ComputedRow(options.maskRow(), window.mask());
        return options.maskFirst() ? List.of(mask, values) : List.of(values, mask);
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        ContextWindow window = ContextWindow.of(History.of(request), options);
        PythonJson json = new PythonJson();
        json.raw("{");
        boolean hasMean = false;
        boolean hasQuantiles = false;
        for (OutputRow output : outputs.all()) {
            boolean isMean = output.shape().rank() == 1;
            if (isMean ? !hasMean : !hasQuantiles) {
                json.raw(hasMean || hasQuantiles ? "," : "").newLine(1);
                write(json, output, window);
            }
            hasMean |= isMean;
            hasQuantiles |= !isMean;
        }
        if (!hasMean && !hasQuantiles) {
            throw unexpected("no output");
        }
        json.newLine(0);
        return List.of(Output.OfContent.copy("", json.raw("}").drain(), allocator));
    }

    private void write(PythonJson json, OutputRow output, ContextWindow window) {
        if (!output.isFractional() || output.size() == 0) {
            throw unexpected(output.type() + " " + output.shape());
        }
        if (output.shape().rank() == 1) {
            json.raw("\"mean\": ");
            list(json, 2, output.size(), i -> window.unscaled(output.number(i)));
            return;
        }
        List<String> levels = options.quantiles();
        boolean isFirst = output.shape().rank() == 2 && output.shape().dimension(0) == levels.size();
        boolean isLast = output.shape().rank() == 2 && output.shape().dimension(1) == levels.size();
        if (!isFirst && !isLast) {
            throw unexpected(output.type() + " " + output.shape());
        }
        int steps = output.size() / levels.size();
        json.raw("\"quantiles\": {");
        for (int k = 0; k < levels.size(); k++) {
            int quantile = k;
            json.raw(k == 0 ? "" : ",").newLine(2);
            json.string(levels.get(k));
            json.raw(": ");
            list(json, 3, steps, i -> {
                int at = isFirst ? quantile * steps + i : i * levels.size() + quantile;
                return window.unscaled(output.number(at));
            });
        }
        json.newLine(1);
        json.raw("}");
    }

    private ServingException unexpected(String found) {
        return InputCheck.invalid("forecast: a row of the model's output is " + found
                + " (expected: floating-point numbers [steps] or ["
                + options.quantiles().size()
                + " quantiles, steps])");
    }

    private static void list(PythonJson json, int indent, int count, IntToDoubleFunction numbers) {
        for (int i = 0; i < count; i++) {
            json.raw(i == 0 ? "[" : ",").newLine(indent);
            json.number(numbers.applyAsDouble(i));
        }
        json.newLine(indent - 1);
        json.raw("]");
    }

    /** Zeros. */
    @Override
    public List<Rows> sample() {
        List<double[]> features = new ArrayList<>();
        for (int i = 0; i < options.features(); i++) {
            features.add(new double[1]);
        }
        return rows(ContextWindow.of(new History(new double[1], features), options));
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
