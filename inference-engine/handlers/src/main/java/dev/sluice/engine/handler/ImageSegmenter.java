// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImageEncoder;
import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import java.util.List;
import java.util.Optional;

/**
 * The codec of {@code image_segmenter}: an image in, the likeliest class of each pixel and its probability out, as lists {@code
 * [height][width][2]}, or the classes alone as a grey PNG. Of a model with several outputs the one named {@code out} counts, as
 * torchvision names it, else the first.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/image_segmenter.py}, which writes class numbers as floats.
 */
final class ImageSegmenter implements RowCodec {
    private static final int MOST_GREYS = 256;

    private final ImageSegmenterOptions options;
    private final Optional<TensorSpec> declared;
    private final ImageBody body;

    ImageSegmenter(ImageSegmenterOptions options, Optional<TensorSpec> declared, BufferAllocator allocator) {
        this.options = options;
        this.declared = declared;
        this.body = new ImageBody(options.pipeline(), allocator);
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        return List.of(InputCheck.requireAccepted(declared, body.read(request)));
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        OutputRow scores = scores(outputs);
        if (options.isMask()) {
            byte[] file = ImageEncoder.PNG.encode(mask(scores));
            return List.of(Output.OfContent.copy(ImageEncoder.PNG.mediaType(), file, allocator));
        }
        return List.of(Output.OfContent.copy("", PixelJson.of(new Segments(scores)), allocator));
    }

    private OutputRow scores(OutputSlice outputs) {
        int index = 0;
        for (int i = 0; i < outputs.size(); i++) {
            String name = outputs.names().get(i);
            if (name.equals("out") || name.endsWith(".out")) {
                index = i;
            }
        }
        if (outputs.size() == 0
                || !outputs.get(index).isFractional()
                || outputs.get(index).shape().rank() != 3
                || outputs.get(index).size() == 0) {
            String found = outputs.size() == 0
                    ? "no output"
                    : outputs.get(index).type() + " " + outputs.get(index).shape();
            throw InputCheck.invalid("image_segmenter: a row of the model's output is " + found
                    + " (expected: floating-point numbers [classes, height, width])");
        }
        OutputRow scores = outputs.get(index);
        long pixels = scores.shape().dimension(1) * scores.shape().dimension(2);
        if (!options.isMask() && pixels > options.maxPixels()) {
            throw InputCheck.invalid("image_segmenter: a row of the model's output has " + pixels
                    + " pixels (expected: at most " + options.maxPixels()
                    + ", as handler.imageSegmenter.maxPixels says; output: mask has no such limit)");
        }
        if (options.isMask() && scores.shape().dimension(0) > MOST_GREYS) {
            throw InputCheck.invalid("image_segmenter: the model has "
                    + scores.shape().dimension(0) + " classes (expected: at most " + MOST_GREYS
                    + ", which a grey PNG can hold)");
        }
        return scores;
    }

    private static Pixels mask(OutputRow scores) {
        Segments segments = new Segments(scores);
        byte[] classes = new byte[segments.width() * segments.height()];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = (byte) segments.best(i);
        }
        return new Pixels(segments.width(), segments.height(), 1, classes);
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
