// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.Set;

/**
 * Puts {@code text_generation} in front of a recurrent model of text: one call takes a token and a state for each row, and gives the
 * scores of the next token and the next state. Text in, text out, token by token as it is written. Configured under {@code
 * handler.textGeneration}; see {@link TextGenerationOptions}. As many requests are written at once as the batch size says.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class TextGenerationProvider implements HandlerProvider {
    static final String NAME = "text_generation";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        if (!model.signature().isDeclared()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, NAME + ": the model does not say what it takes (expected: one that does)");
        }
        TextGenerationOptions options = TextGenerationOptions.of(spec);
        Vocabulary vocabulary = Vocabulary.load(spec.files());
        TextGenerator.Parts parts = TextGenerator.Parts.of(model.signature(), spec, options, vocabulary, allocator);
        return new Generators(model, parts);
    }

    /** The model behind the handler. */
    private record Generators(TensorModel model, TextGenerator.Parts parts) implements LoadedModel {
        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public ModelInstance newInstance() {
            return new TextGenerator(model.newInstance(), parts);
        }

        @Override
        public void close() {
            model.close();
        }
    }
}
