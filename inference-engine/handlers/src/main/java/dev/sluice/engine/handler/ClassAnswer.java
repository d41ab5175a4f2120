// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The answer of classifiers: the most probable classes as {@code {label: probability}}, from the highest down. */
final class ClassAnswer {
    private ClassAnswer() {}

    /**
     * The answer to one row of scores, the first output of the model.
     *
     * @param handler named in messages
     * @throws ServingException {@code INVALID_MODEL} if the output is no list of floating-point numbers
     */
    static List<Output> of(
            String handler, OutputSlice outputs, ClassLabels labels, int topK, BufferAllocator allocator) {
        if (outputs.size() == 0
                || outputs.get(0).shape().rank() != 1
                || !outputs.get(0).isFractional()) {
            String found = outputs.size() == 0
                    ? "no output"
                    : outputs.get(0).type() + " " + outputs.get(0).shape();
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    handler + ": a row of the model's output is " + found
                            + " (expected: one floating-point number per class)");
        }
        float[] probabilities = Softmax.of(outputs.get(0));
        Map<String, Double> best = new LinkedHashMap<>();
        for (int index : Softmax.highest(probabilities, topK)) {
            best.put(labels.label(index), (double) probabilities[index]);
        }
        return List.of(Output.OfContent.copy("", PythonJson.object(best), allocator));
    }
}
