// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.TokenizerSource;
import dev.sluice.engine.handler.text.SourceVocabulary;
import dev.sluice.model.ModelSpec;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Puts {@code text_classifier} in front of a model that maps tokens to a score for each class. What turns text into numbers lies beside
 * the model: {@code tokenizer.json}, else a vocabulary of words as TorchServe's own handler reads it. Configured under {@code
 * handler.textClassifier}; see {@link TextClassifierOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class TextClassifierProvider implements HandlerProvider {
    static final String NAME = "text_classifier";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        TextClassifierOptions options = TextClassifierOptions.of(spec);
        TextClassification task = new TextClassification(options, ClassLabels.load(spec.files()));
        Path folder = spec.files().root();
        if (!TokenizerSource.hasFile(spec.files()) && SourceVocabulary.isIn(folder)) {
            return BagModel.of(model, spec.id(), task, SourceVocabulary.load(folder), context.allocator());
        }
        return TextModel.attach(NAME, model, spec, context, options.text(), OptionalInt.empty(), task);
    }
}
