// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImageDecoder;
import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.util.Base64;
import java.util.Optional;

/**
 * Reads the forms in which vision handlers take an image: the bytes of a file; the same as Base64, in a text body or a
 * JSON string; or its row of floats as nested JSON lists or a tensor, decoded, resized and normalised by the client.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/vision_handler.py}, {@code preprocess}.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class ImageBody implements AutoCloseable {
    private static final int CHANNELS_HEIGHT_WIDTH = 3;

    private final ImagePipeline pipeline;
    private final ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS);

    private final JsonRowReader json;

    ImageBody(ImagePipeline pipeline, BufferAllocator allocator) {
        this.pipeline = pipeline;
        this.json = new JsonRowReader(DataType.FP32, allocator);
    }

    /** @throws ServingException {@code INVALID_INPUT} if the request has none of the three */
    Rows read(InferenceRequest request) {
        if (request.inputs().size() == 1
                && request.inputs().get(0) instanceof Input.OfTensor input
                && input.tensor().type() == DataType.FP32) {
            return numbers(input.tensor());
        }
        RequestBody body = RequestBody.of(request);
        if (body.isJson() && body.startsWith('[')) {
            return numbers(body);
        }
        // What is not JSON is handed to handlers as the bytes it is, whatever its content type says.
        return body.isText() || (body.isJson() && body.startsWith('"'))
                ? image(base64(body.bytes()))
                : image(body.bytes());
    }

    private Rows image(byte[] file) {
        return new ImageRow(pipeline, pipeline.fit(decoder.decode(file, pipeline.channels())));
    }

    /** As Python's lenient {@code b64decode}: what is not of the alphabet, quotes and line ends among it, is skipped. */
    private static byte[] base64(byte[] text) {
        try {
            return Base64.getMimeDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "image: the body is not an image this server can decode: text that is not Base64 (expected: PNG,"
                            + " JPEG, GIF or BMP, as bytes or Base64 text)",
                    e);
        }
    }

    private Rows numbers(RequestBody body) {
        Rows row = json.read(body, Optional.empty());
        if (row.shape().rank() != CHANNELS_HEIGHT_WIDTH) {
            row.release();
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + body.name() + "': " + row.shape() + " (expected: [channels, height, width])");
        }
        return row;
    }

    private static Rows numbers(Tensor tensor) {
        if (tensor.shape().rank() != CHANNELS_HEIGHT_WIDTH + 1 || tensor.shape().dimension(0) != 1) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + tensor.name() + "': " + tensor.type() + " " + tensor.shape()
                            + " (expected: [1, channels, height, width])");
        }
        return TensorRows.of(tensor);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
