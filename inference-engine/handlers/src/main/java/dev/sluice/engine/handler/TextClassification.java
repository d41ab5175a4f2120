// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.InferenceRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Texts in, {@code {label: probability}} out: all classes in the model's order, or the likeliest from the highest down.
 *
 * <p>A model of one class gives the probability of that, as transformers' pipelines do, not a certainty.
 */
record TextClassification(TextClassifierOptions options, ClassLabels labels) implements TextTask {
    @Override
    public Asked read(InferenceRequest request, Tokenizer tokenizer) {
        TextBody body = TextBody.read(request, options.text());
        List<Tokens> rows = new ArrayList<>();
        for (String text : body.texts()) {
            rows.add(tokenizer.encode(text).get(0));
        }
        return new Asked(body.texts(), body.isList(), rows);
    }

    @Override
    public Object answer(Asked asked, OutputSlice outputs, Tokenizer tokenizer) {
        return FloatRow.each(asked, row -> answer(FloatRow.output(TextClassifierProvider.NAME, outputs, 0, row)));
    }

    /** The answer to one row of scores. */
    Map<String, Object> answer(OutputRow scores) {
        float[] values = FloatRow.vector(TextClassifierProvider.NAME, scores, 1);
        float[] probabilities =
                options.multiLabel() || values.length == 1 ? FloatRow.sigmoid(values) : FloatRow.softmax(values);
        Map<String, Object> answer = new LinkedHashMap<>();
        if (options.topK().isEmpty()) {
            for (int i = 0; i < probabilities.length; i++) {
                answer.put(labels.label(i), probabilities[i]);
            }
            return answer;
        }
        for (int i : Softmax.highest(probabilities, options.topK().getAsInt())) {
            answer.put(labels.label(i), probabilities[i]);
        }
        return answer;
    }
}
