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
 * Puts {@code question_answering} in front of a model that says for each token how likely an answer begins and ends there. Configured under
 * {@code handler.questionAnswering}; see {@link QuestionAnsweringOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class QuestionAnsweringProvider implements HandlerProvider {
    static final String NAME = "question_answering";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        QuestionAnsweringOptions options = QuestionAnsweringOptions.of(spec, model.signature());
        return TextModel.attach(
                NAME,
                model,
                spec,
                context,
                options.text(),
                OptionalInt.of(options.stride()),
                new QuestionAnswering(options));
    }
}
