// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.util.OptionalInt;

/**
 * A model and the tokenizer beside it.
 *
 * <p><b>Ownership:</b> closes both.
 */
record TextModel(TensorModel model, Tokenizer tokenizer) implements TensorModel {
    /**
     * Puts a text handler in front of {@code model}.
     *
     * @param overlap tokens that windows of a text share; empty for texts that are cut
     */
    static LoadedModel attach(
            String handler,
            TensorModel model,
            ModelSpec spec,
            HandlerContext context,
            TextOptions options,
            OptionalInt overlap,
            TextTask task) {
        TokenInputs inputs = TokenInputs.of(handler, model.signature(), options);
        TokenizerOptions tokens = new TokenizerOptions(inputs.maxLength(options), overlap);
        Tokenizer tokenizer = context.tokenizer(spec.files(), tokens);
        return new RowModel(
                new TextModel(model, tokenizer),
                spec,
                context.allocator(),
                () -> new TextCodec(task, inputs, tokenizer),
                true);
    }

    @Override
    public Signature signature() {
        return model.signature();
    }

    @Override
    public TensorInstance newInstance() {
        return model.newInstance();
    }

    @Override
    public boolean isComputeOnly() {
        return model.isComputeOnly();
    }

    @Override
    public void close() {
        try {
            model.close();
        } finally {
            tokenizer.close();
        }
    }
}
