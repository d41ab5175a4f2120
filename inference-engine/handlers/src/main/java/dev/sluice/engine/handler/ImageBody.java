// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImageDecoder;
import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Reads the three forms in which vision handlers take an image: the bytes of a file; the same as Base64, in a text body or a
 * JSON string; or its row of floats as nested JSON lists, decoded, resized and normalised by the client.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/vision_handler.py}, {@code preprocess}.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class ImageBody implements AutoCloseable {
    private static final int CHANNELS_HEIGHT_WIDTH = 3;

    private final ImagePipeline pipeline;
    private final ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS);

    ImageBody(ImagePipeline pipeline) {
        this.pipeline = pipeline;
    }

    /** @throws ServingException {@code INVALID_INPUT} if the request has none of the three */
    Row read(InferenceRequest request) {
        RequestBody body = RequestBody.of(request);
        if (body.isText()) {
            return image(base64(body.bytes()));
        }
        if (!body.isJson()) {
            return image(body.bytes());
        }
        return switch (firstCharacter(body.bytes())) {
            case '[' -> numbers(body);
            case '"' -> image(base64(body.bytes()));
            // What is not JSON is handed to handlers as the bytes it is, whatever its content type says.
            default -> image(body.bytes());
        };
    }

    private Row image(byte[] file) {
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

    private static Row numbers(RequestBody body) {
        NestedNumbers row = NestedNumbers.parse(body, DataType.FP32);
        if (row.shape().rank() != CHANNELS_HEIGHT_WIDTH) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + body.name() + "': " + row.shape() + " (expected: [channels, height, width])");
        }
        return row;
    }

    private static char firstCharacter(byte[] json) {
        String start = new String(json, 0, Math.min(json.length, 64), StandardCharsets.ISO_8859_1).strip();
        return start.isEmpty() ? ' ' : start.charAt(0);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
