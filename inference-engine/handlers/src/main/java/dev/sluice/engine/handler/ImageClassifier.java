// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import java.util.List;
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
        return List.of(InputCheck.requireAccepted(declared, body.read(request)));
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        return ClassAnswer.of("image_classifier", outputs, labels, options.topK(), allocator);
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
