// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.FrameMap;
import dev.sluice.engine.handler.image.Framing;
import dev.sluice.engine.handler.image.ImageDecoder;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.engine.handler.image.Window;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Reads whole images in the forms {@link ImageBody} knows: files, Base64, and rows of numbers that are ready for the model.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class ImageReader implements AutoCloseable {
    private final ImageInput input;
    private final ImageDecoder decoder;
    private final JsonRowReader json;

    ImageReader(ImageInput input, BufferAllocator allocator) {
        this.input = input;
        // What would be refused for its size need not be decoded first.
        this.decoder = new ImageDecoder(
                input.framing() instanceof Framing.Keep keep ? keep.maxPixels() : ImageDecoder.DEFAULT_MAX_PIXELS);
        this.json = new JsonRowReader(input.layout().type(), allocator);
    }

    /**
     * How an image came, and where its pixels went.
     *
     * @param isReady whether it came as the model takes it, so that its size is the one the model saw
     */
    record Frame(int width, int height, FrameMap map, boolean isReady) {}

    /** @throws ServingException {@code INVALID_INPUT} if the request has no image the model can be given */
    List<Rows> read(InferenceRequest request) {
        Optional<Tensor> tensor = ready(request);
        if (tensor.isPresent()) {
            return List.of(rows(tensor.get()));
        }
        RequestBody body = RequestBody.of(request);
        if (isList(body)) {
            Rows numbers = json.read(body, Optional.empty());
            return List.of(checked(numbers, body.name()));
        }
        Pixels image = decoder.decode(ImageBody.file(body), input.layout().channels());
        return List.of(new PixelRow(input.layout(), input.framing().apply(image), input.hasRows()));
    }

    /** The frame of an image that {@link #read} took. */
    Frame frame(InferenceRequest request) {
        Optional<Tensor> tensor = ready(request);
        if (tensor.isPresent()) {
            return frame(tensor.get().shape().row());
        }
        RequestBody body = RequestBody.of(request);
        if (isList(body)) {
            Rows numbers = json.read(body, Optional.empty());
            numbers.release();
            return frame(numbers.shape());
        }
        Window size = decoder.frame(ImageBody.file(body));
        return new Frame(size.width(), size.height(), input.framing().map(size.width(), size.height()), false);
    }

    /** The image the model saw, whatever was sent. */
    private Frame frame(Shape row) {
        boolean isLast = input.layout().isChannelsLast();
        return new Frame(
                (int) row.dimension(isLast ? 1 : 2), (int) row.dimension(isLast ? 0 : 1), FrameMap.IDENTITY, true);
    }

    /** Grey in the size the model takes, or a small one. */
    List<Rows> sample() {
        int side = 64;
        int width = side;
        int height = side;
        if (input.framing() instanceof Framing.Stretch stretch) {
            width = stretch.width();
            height = stretch.height();
        } else if (input.framing() instanceof Framing.Letterbox box) {
            width = box.width();
            height = box.height();
        }
        int channels = input.layout().channels();
        Pixels black = new Pixels(width, height, channels, new byte[width * height * channels]);
        return List.of(new PixelRow(input.layout(), black, input.hasRows()));
    }

    private Optional<Tensor> ready(InferenceRequest request) {
        return request.inputs().size() == 1
                        && request.inputs().get(0) instanceof Input.OfTensor only
                        && only.tensor().type() == input.layout().type()
                ? Optional.of(only.tensor())
                : Optional.empty();
    }

    private static boolean isList(RequestBody body) {
        return body.isJson() && body.startsWith('[');
    }

    private Rows rows(Tensor tensor) {
        if (tensor.shape().rank() == 0 || tensor.shape().dimension(0) != 1) {
            throw misshapen(tensor.name(), tensor.shape(), input.madeRow().rows(1));
        }
        return checked(TensorRows.of(tensor), tensor.name());
    }

    private Rows checked(Rows rows, String name) {
        Shape shape = rows.shape();
        boolean isEmpty = shape.elementCount() == 0;
        if (isEmpty || !input.madeRow().accepts(shape)) {
            rows.release();
            throw misshapen(name, shape, input.madeRow());
        }
        return input.hasRows() ? rows : new UncountedRow(rows);
    }

    private static ServingException misshapen(String name, Shape found, Shape expected) {
        return new ServingException(
                ErrorCode.INVALID_INPUT, "input '" + name + "': " + found + " (expected: " + expected + ")");
    }

    @Override
    public void close() {
        decoder.close();
    }
}
