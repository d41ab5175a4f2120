// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The codec of all text handlers: texts to tokens, tokens to rows, and what the model gives to JSON.
 *
 * <p><b>Ownership:</b> the tokenizer is the model's.
 */
final class TextCodec implements RowCodec {
    private final TextTask task;
    private final TokenInputs inputs;
    private final Tokenizer tokenizer;

    /** What the requests in work asked, by the request itself: equal ones are not the same. Used by the codec's thread. */
    private final IdentityHashMap<InferenceRequest, TextTask.Asked> inWork = new IdentityHashMap<>();

    TextCodec(TextTask task, TokenInputs inputs, Tokenizer tokenizer) {
        this.task = task;
        this.inputs = inputs;
        this.tokenizer = tokenizer;
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        TextTask.Asked asked = task.read(request, tokenizer);
        if (asked.rows().stream().anyMatch(tokens -> tokens.size() == 0)) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "text: no tokens (expected: one or more)");
        }
        List<Rows> rows = new ArrayList<>(inputs.rows(asked.rows(), tokenizer.padId()));
        inWork.put(request, asked);
        rows.set(0, new Remembered(rows.get(0), () -> inWork.remove(request)));
        return rows;
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        TextTask.Asked asked = Objects.requireNonNull(inWork.get(request), "the request was not decoded here");
        return List.of(Output.OfContent.copy("", PythonJson.tree(task.answer(asked, outputs, tokenizer)), allocator));
    }

    /** A letter. */
    @Override
    public List<Rows> sample() {
        List<Tokens> tokens = tokenizer.encode("a").subList(0, 1);
        return inputs.rows(tokens, tokenizer.padId());
    }

    @Override
    public void close() {
        inWork.clear();
    }

    /** Rows whose release ends the memory of their request. */
    private record Remembered(Rows rows, Runnable forget) implements Rows {
        @Override
        public DataType type() {
            return rows.type();
        }

        @Override
        public Shape shape() {
            return rows.shape();
        }

        @Override
        public int count() {
            return rows.count();
        }

        @Override
        public void writeTo(ByteBuffer target) {
            rows.writeTo(target);
        }

        @Override
        public Optional<DataBuffer> ready() {
            return rows.ready();
        }

        @Override
        public boolean isStretchable() {
            return rows.isStretchable();
        }

        @Override
        public Rows stretchedTo(long length) {
            return rows.stretchedTo(length);
        }

        @Override
        public void release() {
            rows.release();
            forget.run();
        }
    }
}
