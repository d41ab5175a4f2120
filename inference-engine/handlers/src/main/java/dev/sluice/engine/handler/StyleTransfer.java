// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImageDecoder;
import dev.sluice.engine.handler.image.ImageEncoder;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.engine.handler.image.ValueRange;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The codec of {@code style_transfer}: an image in, the image the model makes of it out, as a PNG or JPEG file. Which of them
 * the request may say, by the parameter or header {@code accept}.
 */
final class StyleTransfer implements RowCodec {
    private final StyleTransferOptions options;
    private final ImageReader images;

    StyleTransfer(StyleTransferOptions options, BufferAllocator allocator) {
        this.options = options;
        this.images = new ImageReader(options.input(), allocator);
    }

    @Override
    public List<Rows> decode(InferenceRequest request) {
        return images.read(request);
    }

    @Override
    public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
        ImageEncoder encoder = wanted(request).orElse(options.encoder());
        byte[] file = encoder.encode(image(outputs));
        return List.of(Output.OfContent.copy(encoder.mediaType(), file, allocator));
    }

    private Pixels image(OutputSlice outputs) {
        OutputRow row = onlyImage(outputs);
        Shape shape = row.shape();
        // Images of one or three pixels' height look alike both ways: models then answer as they are asked.
        boolean isLast = isColours(shape.dimension(2))
                && (options.input().layout().isChannelsLast() || !isColours(shape.dimension(0)));
        int channels = (int) shape.dimension(isLast ? 2 : 0);
        int height = (int) shape.dimension(isLast ? 0 : 1);
        int width = (int) shape.dimension(isLast ? 1 : 2);
        int pixels = width * height;
        ValueRange range = row.isFractional() ? options.outputRange() : ValueRange.BYTE;
        byte[] samples = new byte[row.size()];
        for (int i = 0, at = 0; i < pixels; i++) {
            for (int channel = 0; channel < channels; channel++, at++) {
                samples[at] = range.sample(row.number(isLast ? at : channel * pixels + i));
            }
        }
        return new Pixels(width, height, channels, samples);
    }

    private static OutputRow onlyImage(OutputSlice outputs) {
        String found = "no output";
        if (outputs.size() > 0) {
            OutputRow row = outputs.get(0);
            Shape shape = row.shape();
            boolean isImage = row.type() != DataType.BYTES
                    && shape.rank() == 3
                    && (isColours(shape.dimension(0)) || isColours(shape.dimension(2)));
            long channels = isImage ? Math.min(shape.dimension(0), shape.dimension(2)) : 1;
            if (isImage && row.size() > 0 && row.size() / channels <= ImageDecoder.DEFAULT_MAX_PIXELS) {
                return row;
            }
            found = row.type() + " " + shape;
        }
        throw InputCheck.invalid("style_transfer: a row of the model's output is " + found
                + " (expected: numbers [3, height, width] or [height, width, 3], of at most "
                + ImageDecoder.DEFAULT_MAX_PIXELS + " pixels)");
    }

    private static boolean isColours(long channels) {
        return channels == 1 || channels == 3;
    }

    /** The first of our media types that the client accepts; weights are not looked at. */
    private static Optional<ImageEncoder> wanted(InferenceRequest request) {
        return accepted(request.parameters())
                .or(() -> accepted(request.context().headers()))
                .flatMap(StyleTransfer::first);
    }

    private static Optional<String> accepted(Map<String, String> fields) {
        return fields.entrySet().stream()
                .filter(field -> field.getKey().equalsIgnoreCase("accept"))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    private static Optional<ImageEncoder> first(String accepted) {
        for (String part : accepted.toLowerCase(Locale.ROOT).split(",", -1)) {
            String mediaType = part.split(";", 2)[0].strip();
            for (ImageEncoder encoder : ImageEncoder.values()) {
                if (encoder.mediaType().equals(mediaType)) {
                    return Optional.of(encoder);
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public List<Rows> sample() {
        return images.sample();
    }

    /** Without a dimension for rows there is one image, and one out. */
    @Override
    public boolean runsAlone() {
        return !options.input().hasRows();
    }

    @Override
    public void close() {
        images.close();
    }
}
