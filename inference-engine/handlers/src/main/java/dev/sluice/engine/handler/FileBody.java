// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Optional;

/**
 * The file in a request's body, as it is or as Base64: in a text body, in a JSON string, or where nothing is said of the body, as in
 * a tensor of texts, and it begins as no file does.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/vision_handler.py}, {@code preprocess}.
 */
final class FileBody {
    /** Within so many bytes every format we know has one that Base64 has not. */
    private static final int TELLING = 64;

    private FileBody() {}

    /** The file's bytes; empty if they should be Base64 and are not. */
    static Optional<byte[]> of(RequestBody body) {
        // What is not JSON is handed to handlers as the bytes it is, whatever its content type says.
        boolean isSaid = body.isText() || (body.isJson() && body.startsWith('"'));
        if (!isSaid
                && !(body.mediaType().isEmpty()
                        && looksLikeBase64(body.content().view()))) {
            return Optional.of(body.bytes());
        }
        try {
            // As Python's lenient b64decode: what is not of the alphabet, quotes and line ends among it, is skipped.
            return Optional.of(Base64.getMimeDecoder().decode(body.bytes()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static boolean looksLikeBase64(ByteBuffer bytes) {
        int end = Math.min(TELLING, bytes.limit());
        for (int i = 0; i < end; i++) {
            char c = (char) (bytes.get(i) & 0xff);
            boolean isLetter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            boolean isOther = (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=' || c == '\r' || c == '\n';
            if (!isLetter && !isOther) {
                return false;
            }
        }
        return end == TELLING;
    }
}
