// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The codec of {@code image_classifier}: an image in, the most probable classes out, as {@code {label: probability}} from
 * the highest down. Of a model with several outputs the first counts.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/image_classifier.py}. Unlike there, a model of fewer classes than asked
 * for answers with all it has.
 */
final class ImageClassifier implements RowCodec {
    private final ImageClassifierOptions options;
    private final ClassLabels labels;
    private final Optional<TensorSpec> declared;
    private final ImageBody body;

    ImageClassifier(
            ImageClassifierOptions options,
            ClassLabels labels,
            Optional<TensorSpec> declared,
            BufferAllocator allocator) {
        this.options = options;
        this.labels = labels;
        this.declared = declared;
        this.body = new ImageBody(options.pipeline(), allocator);
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        Rows row = body.read(request);
        Shape shape = row.shape();
        if (declared.isPresent() && !declared.get().shape().row().accepts(shape)) {
            row.release();
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input: " + shape + " (expected: " + declared.get().shape().row() + ")");
        }
        return List.of(row);
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        if (outputs.size() == 0
                || outputs.get(0).shape().rank() != 1
                || !outputs.get(0).isFractional()) {
            String found = outputs.size() == 0
                    ? "no output"
                    : outputs.get(0).type() + " " + outputs.get(0).shape();
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "image_classifier: a row of the model's output is " + found
                            + " (expected: one floating-point number per class)");
        }
        float[] probabilities = Softmax.of(outputs.get(0));
        Map<String, Double> best = new LinkedHashMap<>();
        for (int index : Softmax.highest(probabilities, options.topK())) {
            best.put(labels.label(index), (double) probabilities[index]);
        }
        return List.of(AnswerBody.of("", PythonJson.object(best), allocator));
    }

    /** Black pixels. */
    @Override
    public List<Rows> sample() {
        ImagePipeline pipeline = options.pipeline();
        byte[] black = new byte[pipeline.width() * pipeline.height() * pipeline.channels()];
        Pixels image = new Pixels(pipeline.width(), pipeline.height(), pipeline.channels(), black);
        return List.of(new ImageRow(pipeline, image));
    }

    @Override
    public void close() {
        body.close();
    }
}
