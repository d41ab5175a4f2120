// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A text that is the same most of the time, as read from a connection: it is made a string only when it is another one than before.
 *
 * <p><b>Threads:</b> one at a time.
 */
final class Text {

    /** Whoever reads, as all fields below: bytes of the last text, {@link #length} of them. */
    private byte[] bytes = new byte[64];

    private int length;

    /** The last text as a string, if somebody asked for it. */
    private String value = "";

    /** Whether {@link #value} is the last text. */
    private boolean isMade = true;

    /** The next {@code size} bytes of {@code source}, which has them. */
    void read(ByteBuffer source, int size) {
        if (isMade && size == length && isNext(source)) {
            source.position(source.position() + size);
            return;
        }
        if (bytes.length < size) {
            bytes = new byte[Math.max(size, 2 * bytes.length)];
        }
        source.get(bytes, 0, size);
        length = size;
        isMade = false;
    }

    private boolean isNext(ByteBuffer source) {
        int at = source.position();
        for (int i = 0; i < length; i++) {
            if (source.get(at + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether it is {@code other}; makes no string if both are ASCII. */
    boolean is(String other) {
        if (isMade) {
            return value.equals(other);
        }
        if (other.length() == length) {
            int i = 0;
            while (i < length && bytes[i] == other.charAt(i)) {
                i++;
            }
            if (i == length) {
                return true;
            }
        }
        return hasOther() && toString().equals(other);
    }

    private boolean hasOther() {
        for (int i = 0; i < length; i++) {
            if (bytes[i] < 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether nobody can tell it from nothing. */
    boolean isEmpty() {
        return length == 0;
    }

    @Override
    public String toString() {
        if (!isMade) {
            value = new String(bytes, 0, length, StandardCharsets.UTF_8);
            isMade = true;
        }
        if (bytes.length > 1 << 12 && length < 1 << 12) {
            bytes = Arrays.copyOf(bytes, 1 << 12);
        }
        return value;
    }
}
