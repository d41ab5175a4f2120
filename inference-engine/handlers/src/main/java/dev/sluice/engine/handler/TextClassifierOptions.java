// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import java.util.OptionalInt;

/**
 * What {@code handler.textClassifier} in a model's configuration file says; all of it may be left out.
 *
 * @param multiLabel whether each class is a question of its own: sigmoid instead of softmax
 * @param topK most classes in an answer, 1 to 100,000; empty for all, in the model's order
 * @param ngrams for models with a vocabulary of words: neighbours that are looked up together, 1 to 5; default 2
 */
record TextClassifierOptions(TextOptions text, boolean multiLabel, OptionalInt topK, int ngrams) {
    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static TextClassifierOptions of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "textClassifier");
        return new TextClassifierOptions(
                TextOptions.of(options, "multiLabel", "topK", "ngrams"),
                options.flag("multiLabel", false),
                options.has("topK") ? OptionalInt.of(options.integer("topK", 1, 100_000, 1)) : OptionalInt.empty(),
                options.integer("ngrams", 1, 5, 2));
    }
}
