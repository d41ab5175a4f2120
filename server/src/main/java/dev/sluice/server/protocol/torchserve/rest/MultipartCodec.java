// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads {@code multipart/form-data} in one pass, and gives out each part as a slice of the body. Netty's decoder is not used
 * because it copies every part twice, and a part is where the images are.
 *
 * <p>A file keeps its part's content type; a plain field has none, so that its JSON stays bytes, as in the original. The last
 * part of a name wins.
 *
 * <p><b>Source:</b> torchserve.md section 1.4, operations.md section 5.5, RFC 7578.
 */
final class MultipartCodec {
    private static final int MAX_PARTS = 64;
    private static final int MAX_PART_HEADER_BYTES = 8 << 10;
    private static final int MAX_BOUNDARY_LENGTH = 200;

    private final DataBuffer body;
    private final DelimiterSearch search;

    /** Written by the one thread that decodes. */
    private int position;

    private MultipartCodec(DataBuffer body, String boundary) {
        this.body = body;
        this.search = new DelimiterSearch(body.view(), "\r\n--" + boundary);
    }

    /**
     * The parts of {@code body} as inputs.
     *
     * <p><b>Ownership:</b> takes {@code body}, always.
     *
     * @throws ServingException {@code INVALID_INPUT} saying what is malformed
     */
    static List<Input> decode(String contentType, DataBuffer body) {
        Map<String, Input> parts = new LinkedHashMap<>();
        try {
            String boundary = HeaderParameters.of(contentType, "boundary")
                    .filter(text -> !text.isEmpty() && text.length() <= MAX_BOUNDARY_LENGTH && text.indexOf('\r') < 0)
                    .orElseThrow(() -> malformed("content-type has no boundary of 1.." + MAX_BOUNDARY_LENGTH
                            + " characters: " + contentType));
            new MultipartCodec(body, boundary).readInto(parts);
            return List.copyOf(parts.values());
        } catch (RuntimeException | Error e) {
            parts.values().forEach(Input::release);
            throw e;
        } finally {
            body.release();
        }
    }

    private void readInto(Map<String, Input> parts) {
        position = search.afterFirst();
        if (position < 0) {
            throw malformed("the boundary of the content-type does not occur");
        }
        for (int count = 1; !search.isClosedAt(position); count++) {
            if (count > MAX_PARTS) {
                throw malformed("more than " + MAX_PARTS + " parts");
            }
            Input.OfContent part = readPart();
            Input before = parts.put(part.name(), part);
            if (before != null) {
                before.release();
            }
        }
    }

    private Input.OfContent readPart() {
        Map<String, String> headers = readHeaders();
        String disposition = headers.getOrDefault("content-disposition", "");
        String name = HeaderParameters.of(disposition, "name")
                .orElseThrow(() -> malformed("a part has no name: content-disposition: " + disposition));
        boolean isFile = HeaderParameters.of(disposition, "filename").isPresent()
                || HeaderParameters.of(disposition, "filename*").isPresent();
        int start = position;
        int end = search.next(start);
        if (end < 0) {
            throw malformed("part '" + name + "' is not ended by the boundary");
        }
        position = end + search.length();
        return new Input.OfContent(
                name, isFile ? headers.getOrDefault("content-type", "") : "", body.retainedSlice(start, end - start));
    }

    /** Header lines up to the empty one, names in lower case; leaves the position at the content. */
    private Map<String, String> readHeaders() {
        Map<String, String> headers = new HashMap<>();
        int limit = Math.min(body.size(), position + MAX_PART_HEADER_BYTES);
        if (!readLine(limit).isBlank()) {
            throw malformed("a boundary is followed by other text on its line");
        }
        for (String line = readLine(limit); !line.isEmpty(); line = readLine(limit)) {
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw malformed("part header: " + line + " (expected: name: value)");
            }
            headers.put(
                    line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    private String readLine(int limit) {
        ByteBuffer bytes = body.view();
        int end = position;
        while (end + 1 < limit && !(bytes.get(end) == '\r' && bytes.get(end + 1) == '\n')) {
            end++;
        }
        if (end + 1 >= limit) {
            throw malformed("a part's headers do not end within " + MAX_PART_HEADER_BYTES + " bytes");
        }
        byte[] line = new byte[end - position];
        bytes.get(position, line);
        position = end + 2;
        return new String(line, StandardCharsets.UTF_8);
    }

    private static ServingException malformed(String reason) {
        return new ServingException(ErrorCode.INVALID_INPUT, "Malformed multipart body: " + reason);
    }
}
