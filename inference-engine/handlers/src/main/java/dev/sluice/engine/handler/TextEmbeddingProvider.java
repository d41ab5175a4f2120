// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Puts {@code text_embedding} in front of a model that gives a vector for each token, or one for a text. Configured under {@code
 * handler.textEmbedding}; see {@link TextEmbeddingOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class TextEmbeddingProvider implements HandlerProvider {
    static final String NAME = "text_embedding";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        TextEmbeddingOptions options = TextEmbeddingOptions.of(spec);
        return TextModel.attach(
                NAME, model, spec, context, options.text(), OptionalInt.empty(), new TextEmbedding(options));
    }
}
