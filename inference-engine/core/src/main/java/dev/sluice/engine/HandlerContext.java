// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.Output;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.tensor.BufferAllocator;

/**
 * What the server lends to handlers.
 *
 * @param allocator source of the memory of inputs and answers
 * @param tokenizers source of what turns text into numbers
 * @param metrics takes values of the handler's own metrics
 */
public record HandlerContext(BufferAllocator allocator, TokenizerSource tokenizers, HandlerMetrics metrics) {
    /** Without metrics. */
    public HandlerContext(BufferAllocator allocator, TokenizerSource tokenizers) {
        this(allocator, tokenizers, HandlerMetrics.NONE);
    }

    /** Without metrics, nor anything that reads {@code tokenizer.json}. */
    public HandlerContext(BufferAllocator allocator) {
        this(allocator, TokenizerSource.NONE);
    }

    /** The same for the handler of {@code model}. */
    HandlerContext of(ModelId model) {
        return new HandlerContext(allocator, tokenizers, metrics.of(model));
    }

    /** The tokenizer of the model of {@code files}, to be closed by the caller; see {@link TokenizerSource#open}. */
    public Tokenizer tokenizer(ModelFiles files, TokenizerOptions options) {
        return tokenizers.open(files, options);
    }

    /**
     * An answer of {@code body}, in memory from which it can be sent.
     *
     * @param contentType media type; empty for none
     * @throws dev.sluice.inference.ServingException {@code OVERLOADED} if there is no memory for it
     */
    public Output content(String contentType, byte[] body) {
        return Output.OfContent.copy(contentType, body, allocator);
    }
}
