// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Finds a multipart delimiter. The only carriage return of a delimiter is its first byte, so after a partial match the search
 * goes on behind what matched: time is linear in the body whatever the body is.
 */
final class DelimiterSearch {
    private static final long ALL_ONES = 0x0101010101010101L;
    private static final long ALL_RETURNS = '\r' * ALL_ONES;
    private static final long ALL_HIGH_BITS = 0x8080808080808080L;

    private final ByteBuffer bytes;
    private final byte[] delimiter;

    /**
     * A search in {@code bytes}, from position 0 to the limit.
     *
     * @param delimiter starts with a carriage return and a line feed, and has no other carriage return
     */
    DelimiterSearch(ByteBuffer bytes, String delimiter) {
        this.bytes = bytes;
        this.delimiter = delimiter.getBytes(StandardCharsets.UTF_8);
    }

    int length() {
        return delimiter.length;
    }

    /** The index behind the first delimiter, which needs no line end before it if it comes first; -1 if there is none. */
    int afterFirst() {
        if (matching(-2) == delimiter.length) {
            return delimiter.length - 2;
        }
        int found = next(0);
        return found < 0 ? -1 : found + delimiter.length;
    }

    /** Whether the delimiter that ends at {@code index} is the closing one. */
    boolean isClosedAt(int index) {
        return index + 1 < bytes.limit() && bytes.get(index) == '-' && bytes.get(index + 1) == '-';
    }

    /** Where the next delimiter starts, its line end included; -1 if there is none. */
    int next(int from) {
        int last = bytes.limit() - delimiter.length;
        for (int i = nextReturn(from, last); i <= last; ) {
            int matching = matching(i);
            if (matching == delimiter.length) {
                return i;
            }
            i = nextReturn(i + Math.max(1, matching), last);
        }
        return -1;
    }

    /** How many bytes of the delimiter stand at {@code index}; those before index 0 count as matching. */
    private int matching(int index) {
        int matching = Math.max(0, -index);
        while (matching < delimiter.length
                && index + matching < bytes.limit()
                && bytes.get(index + matching) == delimiter[matching]) {
            matching++;
        }
        return matching;
    }

    /** The next carriage return, or something above {@code last}; eight bytes at a time. */
    private int nextReturn(int from, int last) {
        int i = from;
        while (i <= last - Long.BYTES) {
            long difference = bytes.getLong(i) ^ ALL_RETURNS;
            if (((difference - ALL_ONES) & ~difference & ALL_HIGH_BITS) != 0) {
                break;
            }
            i += Long.BYTES;
        }
        while (i <= last && bytes.get(i) != '\r') {
            i++;
        }
        return i;
    }
}
