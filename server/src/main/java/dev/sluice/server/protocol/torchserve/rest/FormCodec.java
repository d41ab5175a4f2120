// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads {@code application/x-www-form-urlencoded}: fields separated by {@code &} alone, the last one of a name wins.
 *
 * <p>Values that hold no escape are slices of the body.
 *
 * <p>A body without any {@code =} is no form, but what {@code curl -d} sends when it is told no content type; it is handed
 * over whole, as JSON if it looks like that. The original drops it.
 *
 * <p><b>Source:</b> torchserve.md section 1.4.
 */
final class FormCodec {
    private static final int MAX_FIELDS = 1024;

    private FormCodec() {}

    /**
     * The fields of {@code body} as inputs.
     *
     * <p><b>Ownership:</b> takes {@code body}, always.
     *
     * @throws ServingException {@code INVALID_INPUT} naming a bad escape or the limit of fields
     */
    static List<Input> decode(DataBuffer body) {
        ByteBuffer bytes = body.view();
        if (indexOf(bytes, '=', 0, bytes.limit()) == bytes.limit()) {
            return List.of(new Input.OfContent(InputCodec.BODY, startsLikeJson(bytes) ? "application/json" : "", body));
        }
        try {
            return fields(body, bytes);
        } finally {
            body.release();
        }
    }

    private static boolean startsLikeJson(ByteBuffer bytes) {
        for (int i = 0; i < bytes.limit(); i++) {
            byte b = bytes.get(i);
            if (b > ' ' || b < 0) {
                return b == '{' || b == '[' || b == '"';
            }
        }
        return false;
    }

    private static List<Input> fields(DataBuffer body, ByteBuffer bytes) {
        Map<String, Input> fields = new LinkedHashMap<>();
        try {
            readInto(fields, body, bytes);
            return List.copyOf(fields.values());
        } catch (RuntimeException | Error e) {
            fields.values().forEach(Input::release);
            throw e;
        }
    }

    private static void readInto(Map<String, Input> fields, DataBuffer body, ByteBuffer bytes) {
        int count = 0;
        for (int start = 0; start < bytes.limit(); ) {
            int end = indexOf(bytes, '&', start, bytes.limit());
            int equals = indexOf(bytes, '=', start, end);
            boolean trailingToken = equals == end && end == bytes.limit();
            if (end > start && !trailingToken) {
                String name = new String(unescaped(bytes, start, equals), StandardCharsets.UTF_8);
                Input before = fields.put(
                        name, new Input.OfContent(name, "", value(body, bytes, Math.min(equals + 1, end), end)));
                if (before != null) {
                    before.release();
                }
                if (++count > MAX_FIELDS) {
                    throw new ServingException(
                            ErrorCode.INVALID_INPUT,
                            "form fields: more than " + MAX_FIELDS + " (expected: at most that)");
                }
            }
            start = end + 1;
        }
    }

    private static DataBuffer value(DataBuffer body, ByteBuffer bytes, int from, int to) {
        boolean plain = indexOf(bytes, '%', from, to) == to && indexOf(bytes, '+', from, to) == to;
        return plain ? body.retainedSlice(from, to - from) : DataBuffer.wrap(unescaped(bytes, from, to));
    }

    private static int indexOf(ByteBuffer bytes, char wanted, int from, int to) {
        int i = from;
        while (i < to && bytes.get(i) != wanted) {
            i++;
        }
        return i;
    }

    private static byte[] unescaped(ByteBuffer bytes, int from, int to) {
        ByteArrayOutputStream plain = new ByteArrayOutputStream(to - from);
        for (int i = from; i < to; i++) {
            byte b = bytes.get(i);
            if (b == '%') {
                int high = hex(bytes, i + 1, to);
                int low = hex(bytes, i + 2, to);
                if (high < 0 || low < 0) {
                    throw malformed(bytes, i, to);
                }
                plain.write((high << 4) | low);
                i += 2;
            } else {
                plain.write(b == '+' ? ' ' : b);
            }
        }
        return plain.toByteArray();
    }

    private static int hex(ByteBuffer bytes, int index, int to) {
        return index < to ? Character.digit(bytes.get(index), 16) : -1;
    }

    private static ServingException malformed(ByteBuffer bytes, int at, int to) {
        byte[] escape = new byte[Math.min(3, to - at)];
        bytes.get(at, escape);
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "form escape: " + new String(escape, StandardCharsets.ISO_8859_1) + " at byte " + at
                        + " (expected: % and two hexadecimal digits)");
    }
}
