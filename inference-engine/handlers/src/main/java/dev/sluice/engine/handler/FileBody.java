// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.nio.ByteBuffer;
import java.util.Arrays;
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
            return Optional.of(Base64.getMimeDecoder().decode(body.isJson() ? unescaped(body.bytes()) : body.bytes()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * A JSON string's bytes where it has escapes, as for the line ends that some encoders put into Base64: skipped one character at a
     * time, they would leave letters.
     */
    private static byte[] unescaped(byte[] json) {
        int at = 0;
        while (at < json.length && json[at] != '\\') {
            at++;
        }
        ByteBuffer plain = ByteBuffer.allocate(json.length).put(json, 0, at);
        while (at < json.length) {
            if (json[at] != '\\' || at + 1 == json.length) {
                plain.put(json[at++]);
            } else if (json[at + 1] == 'u' && at + 6 <= json.length) {
                plain.put((byte) hexadecimal(json, at + 2));
                at += 6;
            } else {
                // Of all others only the slash, and what is not of the alphabet, stands for itself.
                plain.put("bfnrt".indexOf(json[at + 1]) < 0 ? json[at + 1] : (byte) ' ');
                at += 2;
            }
        }
        return Arrays.copyOf(plain.array(), plain.position());
    }

    /** The character written in four digits; a space if it is not of ASCII, or none. */
    private static int hexadecimal(byte[] json, int from) {
        int value = 0;
        for (int i = from; i < from + 4; i++) {
            int digit = Character.digit(json[i], 16);
            value = digit < 0 || value < 0 ? -1 : value * 16 + digit;
        }
        return value < 0 || value > 0x7f ? ' ' : value;
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
