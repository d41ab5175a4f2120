// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.handler.text.SourceVocabulary;
import dev.sluice.engine.handler.text.TextCleaner;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A model of bags of words behind {@code text_classifier}: it takes the numbers of a text's words and word pairs, {@code text [n]}, and where in them
 * the text begins, {@code offsets [1]}, and gives {@code [1, classes]}. A request is a call of its own, as in TorchServe.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/text_classifier.py}.
 */
record BagModel(
        TensorModel model,
        ModelId id,
        TextClassification task,
        SourceVocabulary vocabulary,
        List<TensorSpec> inputs,
        BufferAllocator allocator)
        implements LoadedModel {
    private static final List<TensorSpec> UNDECLARED = List.of(
            new TensorSpec("text", DataType.INT64, Shape.of(Shape.ANY)),
            new TensorSpec("offsets", DataType.INT64, Shape.of(Shape.ANY)));

    /** @throws ServingException {@code INVALID_MODEL} if the model declares to take something else */
    static LoadedModel of(
            TensorModel model,
            ModelId id,
            TextClassification task,
            SourceVocabulary vocabulary,
            BufferAllocator allocator) {
        List<TensorSpec> inputs =
                model.signature().isDeclared() ? model.signature().inputs() : UNDECLARED;
        for (TensorSpec input : inputs) {
            boolean isWhole = input.type() == DataType.INT64 || input.type() == DataType.INT32;
            if (!isWhole || input.shape().rank() != 1 || inputs.size() != 2) {
                throw InputCheck.mismatch(
                        TextClassifierProvider.NAME,
                        input,
                        "text and offsets, INT64 [-1], for a vocabulary of words; or tokenizer.json beside the model");
            }
        }
        return new BagModel(model, id, task, vocabulary, inputs, allocator);
    }

    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public boolean isComputeOnly() {
        return model.isComputeOnly();
    }

    @Override
    public ModelInstance newInstance() {
        return new Bags(this, model.newInstance());
    }

    @Override
    public void close() {
        model.close();
    }

    private Tensor tensor(int input, long... values) {
        TensorSpec spec = inputs.get(input);
        DataBuffer bytes = allocator.allocate((long) values.length * spec.type().elementBytes());
        ByteBuffer target = bytes.view();
        for (long value : values) {
            if (spec.type() == DataType.INT64) {
                target.putLong(value);
            } else {
                target.putInt((int) value);
            }
        }
        return new Tensor(spec.name(), spec.type(), Shape.of(values.length), bytes);
    }

    private record Bags(BagModel bag, TensorInstance instance) implements ModelInstance {
        /** Of the first word there is. */
        @Override
        public void warmUp() {
            scores(new long[1]).forEach(Tensor::release);
        }

        @Override
        public List<Outcome> execute(Batch batch) {
            List<Outcome> outcomes = new ArrayList<>();
            for (InferenceRequest request : batch.requests()) {
                try {
                    outcomes.add(new Outcome.Success(new InferenceResponse(bag.id, List.of(answer(request)))));
                } catch (RuntimeException e) {
                    outcomes.add(new Outcome.Failure(ServingException.from(e)));
                }
            }
            return outcomes;
        }

        private Output answer(InferenceRequest request) {
            TextBody body = TextBody.read(request, bag.task.options().text());
            List<Object> answers = new ArrayList<>();
            for (String text : body.texts()) {
                answers.add(answer(text));
            }
            Object answer = body.isList() ? answers : answers.get(0);
            return Output.OfContent.copy("", PythonJson.tree(answer), bag.allocator);
        }

        private Object answer(String text) {
            List<String> terms = TextCleaner.terms(text, bag.task.options().ngrams());
            if (terms.isEmpty()) {
                throw new ServingException(ErrorCode.INVALID_INPUT, "text: no words (expected: one or more)");
            }
            List<Tensor> outputs = scores(bag.vocabulary.numbers(terms));
            try {
                OutputSlice slice = OutputSlice.of(outputs, 0, 1, 1);
                return bag.task.answer(FloatRow.output(TextClassifierProvider.NAME, slice, 0, 0));
            } finally {
                outputs.forEach(Tensor::release);
            }
        }

        private List<Tensor> scores(long[] text) {
            List<Tensor> inputs = new ArrayList<>();
            try {
                inputs.add(bag.tensor(0, text));
                inputs.add(bag.tensor(1, 0));
                return instance.run(inputs);
            } finally {
                inputs.forEach(Tensor::release);
            }
        }

        @Override
        public void close() {
            instance.close();
        }
    }
}
