// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes the answers of several requests side by side, a token of each in every step: the likeliest one. Requests that still read
 * their text and those that write already share the steps.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class TextGenerator implements IterationEngine {
    private static final String TEXT = "text/plain; charset=utf-8";

    private final TensorInstance instance;
    private final Parts parts;
    /** By slot. */
    private final Map<Integer, Writing> inWork = new HashMap<>();

    TextGenerator(TensorInstance instance, Parts parts) {
        this.instance = instance;
        this.parts = parts;
    }

    /**
     * What all generators of a model share.
     *
     * @param scores index of the output with the scores
     * @param stop number of the token that ends an answer
     */
    record Parts(
            ModelId id,
            Signature signature,
            TextGenerationOptions options,
            CarriedState state,
            Vocabulary vocabulary,
            int scores,
            int stop,
            BatchSpec batching,
            BufferAllocator allocator) {
        /** @throws ServingException {@code INVALID_MODEL} if model, vocabulary and options do not fit each other */
        static Parts of(
                Signature signature,
                ModelSpec spec,
                TextGenerationOptions options,
                Vocabulary vocabulary,
                BufferAllocator allocator) {
            String where = "handler." + TextGenerationOptions.BLOCK;
            int slots = spec.batching().maxSize();
            CarriedState state = CarriedState.of(where + ".state", signature, options.state(), slots);
            TensorSpec token = CarriedState.find(where + ".token", signature.inputs(), options.token());
            TensorSpec scores = CarriedState.find(where + ".scores", signature.outputs(), options.scores());
            CarriedState.requireRows(where + ".token", token, slots);
            CarriedState.requireRows(where + ".scores", scores, slots);
            for (TensorSpec input : signature.inputs()) {
                if (!input.equals(token) && !state.takes(input.name())) {
                    throw invalid(where + ": nothing for the model's input '" + input.name()
                            + "' (expected: the token, or a state)");
                }
            }
            if (token.type() != DataType.INT64 && token.type() != DataType.INT32) {
                throw invalid(where + ".token: " + token.type() + " (expected: INT64 or INT32)");
            }
            Shape row = scores.shape().row();
            if (scores.type() != DataType.FP32 || row.rank() != 1 || row.dimension(0) != vocabulary.size()) {
                throw invalid(where + ".scores: " + scores.type() + " " + scores.shape() + " (expected: FP32 [-1,"
                        + vocabulary.size() + "], a score for each token of the vocabulary)");
            }
            int stop = vocabulary
                    .number(options.stop())
                    .orElseThrow(() -> invalid(where + ".stop: no token of the vocabulary"));
            return new Parts(
                    spec.id(),
                    signature,
                    options,
                    state,
                    vocabulary,
                    signature.outputs().indexOf(scores),
                    stop,
                    spec.batching(),
                    allocator);
        }

        private static ServingException invalid(String message) {
            return new ServingException(ErrorCode.INVALID_MODEL, message);
        }
    }

    /** One request: what it said, how far that has been read, and how much has been written. */
    private static final class Writing {
        private final int[] prompt;
        private final CarriedState.Kept state;
        /** The fields below are the stepping thread's. */
        private int read;

        private int written;
        private int next;

        private Writing(int[] prompt, CarriedState.Kept state) {
            this.prompt = prompt;
            this.state = state;
            this.next = prompt[0];
        }
    }

    @Override
    public int slots() {
        return parts.batching().maxSize();
    }

    /** One step of each number of rows there can be, since runtimes choose kernels and arenas by shape. */
    @Override
    public void warmUp() {
        for (int rows : Padding.sizesToWarm(parts.batching().sizes(), slots())) {
            List<Writing> zeros = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                zeros.add(new Writing(new int[1], parts.state().zeros()));
            }
            run(zeros).forEach(Tensor::release);
        }
    }

    @Override
    public void begin(int slot, InferenceRequest request) {
        int most = parts.options().maxPromptTokens();
        RequestBody body = RequestBody.of(request);
        long mostBytes = (long) most * parts.vocabulary().longestBytes();
        // Before it is copied and decoded: no tokens that many can have so many bytes.
        if (body.content().size() > mostBytes) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "text: " + body.content().size() + " bytes (expected: at most " + mostBytes + ", which " + most
                            + " tokens can have, maxPromptTokens)");
        }
        String text = new String(body.bytes(), StandardCharsets.UTF_8)
                + parts.options().promptEnd();
        int[] prompt = parts.vocabulary().encode(text, most);
        inWork.put(slot, new Writing(prompt, parts.state().zeros()));
    }

    @Override
    public void step(List<Integer> active, BatchSink answers) {
        List<Writing> writings = active.stream()
                .map(slot -> Objects.requireNonNull(inWork.get(slot)))
                .toList();
        List<Tensor> outputs = run(writings);
        try {
            check(outputs, parts.batching().sizes().holding(writings.size()));
            for (int i = 0; i < writings.size(); i++) {
                Writing writing = writings.get(i);
                parts.state().scatter(outputs, i, writing.state);
                writing.read++;
                if (writing.read < writing.prompt.length) {
                    writing.next = writing.prompt[writing.read];
                } else {
                    write(active.get(i), writing, likeliest(outputs.get(parts.scores()), i), answers);
                }
            }
        } finally {
            outputs.forEach(Tensor::release);
        }
    }

    /** Models may give something else than they declare; nobody is to be answered with that. */
    private void check(List<Tensor> outputs, int rows) {
        parts.state().check(outputs, rows);
        if (parts.scores() >= outputs.size()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "model outputs: " + outputs.size() + " (expected: the scores as number " + (parts.scores() + 1)
                            + ")");
        }
        Tensor scores = outputs.get(parts.scores());
        Shape expected = Shape.of(rows, parts.vocabulary().size());
        if (scores.type() != DataType.FP32 || !scores.shape().equals(expected)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "model output '" + scores.name() + "': " + scores.type() + " " + scores.shape()
                            + " (expected: FP32 " + expected + ", as it declares)");
        }
    }

    /** What the model gives for as many rows as it is allowed; those beyond {@code writings} are padding. */
    private List<Tensor> run(List<Writing> writings) {
        List<Writing> rows = Padding.repeatLast(writings, parts.batching().sizes());
        List<CarriedState.Kept> states =
                rows.stream().map(writing -> writing.state).toList();
        List<Tensor> inputs = new ArrayList<>();
        try {
            for (TensorSpec input : parts.signature().inputs()) {
                inputs.add(
                        parts.state().gather(input, states, parts.allocator()).orElseGet(() -> tokens(input, rows)));
            }
            return instance.run(inputs);
        } finally {
            inputs.forEach(Tensor::release);
        }
    }

    private Tensor tokens(TensorSpec input, List<Writing> writings) {
        DataBuffer bytes =
                parts.allocator().allocate((long) writings.size() * input.type().elementBytes());
        ByteBuffer target = bytes.view();
        for (Writing writing : writings) {
            if (input.type() == DataType.INT64) {
                target.putLong(writing.next);
            } else {
                target.putInt(writing.next);
            }
        }
        // [rows], or [rows, 1] for models that take several tokens a step.
        Shape shape = input.shape().rank() == 1 ? Shape.of(writings.size()) : Shape.of(writings.size(), 1);
        return new Tensor(input.name(), input.type(), shape, bytes);
    }

    private int likeliest(Tensor scores, int row) {
        ByteBuffer values = scores.data().view();
        int count = parts.vocabulary().size();
        int best = 0;
        for (int i = 1; i < count; i++) {
            if (values.getFloat((row * count + i) * Float.BYTES)
                    > values.getFloat((row * count + best) * Float.BYTES)) {
                best = i;
            }
        }
        return best;
    }

    private void write(int slot, Writing writing, int token, BatchSink answers) {
        if (token == parts.stop()) {
            answers.end(slot, new Outcome.Success(new InferenceResponse(parts.id(), List.of())));
            return;
        }
        writing.next = token;
        writing.written++;
        InferenceResponse piece;
        try {
            piece = new InferenceResponse(
                    parts.id(), List.of(content(parts.vocabulary().token(token))));
        } catch (ServingException noMemory) {
            // This answer ends; those beside it go on.
            answers.end(slot, new Outcome.Failure(noMemory));
            return;
        }
        if (writing.written == parts.options().maxTokens()) {
            answers.end(slot, new Outcome.Success(piece));
        } else {
            answers.part(slot, piece);
        }
    }

    private Output content(String text) {
        return Output.OfContent.copy(TEXT, text.getBytes(StandardCharsets.UTF_8), parts.allocator());
    }

    @Override
    public void free(int slot) {
        inWork.remove(slot);
    }

    @Override
    public void close() {
        instance.close();
    }
}
