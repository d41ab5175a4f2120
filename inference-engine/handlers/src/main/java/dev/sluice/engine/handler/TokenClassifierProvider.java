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
 * Puts {@code token_classifier} in front of a model that gives a score of each class for each token, such as one that finds names. Configured
 * under {@code handler.tokenClassifier}; see {@link TokenClassifierOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class TokenClassifierProvider implements HandlerProvider {
    static final String NAME = "token_classifier";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        TokenClassifierOptions options = TokenClassifierOptions.of(spec);
        TextTask task = new TokenClassification(options, ClassLabels.load(spec.files()));
        return TextModel.attach(NAME, model, spec, context, options.text(), OptionalInt.empty(), task);
    }
}
