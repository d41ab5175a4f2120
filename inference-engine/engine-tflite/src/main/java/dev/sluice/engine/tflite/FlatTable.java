// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A table of a FlatBuffers file that the verifier has passed: fields by number, all of them optional.
 *
 * <p>Source: FlatBuffers' binary format.
 */
final class FlatTable {
    private static final int LAYOUT_HEAD = 2 * Short.BYTES;

    private final ByteBuffer file;
    private final int position;

    private FlatTable(ByteBuffer file, int position) {
        this.file = file;
        this.position = position;
    }

    /** The table that {@code file} is. */
    static FlatTable root(ByteBuffer file) {
        ByteBuffer bytes = file.order(ByteOrder.LITTLE_ENDIAN);
        return new FlatTable(bytes, bytes.getInt(0));
    }

    /** Where a field is; 0 if it is not set. */
    private int at(int field) {
        int layout = position - file.getInt(position);
        int entry = LAYOUT_HEAD + field * Short.BYTES;
        int offset = entry < file.getShort(layout) ? file.getShort(layout + entry) & 0xFFFF : 0;
        return offset == 0 ? 0 : position + offset;
    }

    private int follow(int at) {
        return at + file.getInt(at);
    }

    /** A field of 4 bytes; 0 if it is not set. */
    int number(int field) {
        int at = at(field);
        return at == 0 ? 0 : file.getInt(at);
    }

    /** A field of 1 byte; 0 if it is not set. */
    int octet(int field) {
        int at = at(field);
        return at == 0 ? 0 : file.get(at);
    }

    /** Whether the field is there at all. */
    boolean isSet(int field) {
        return at(field) != 0;
    }

    /** How many elements a vector has; 0 if it is not set. */
    int size(int field) {
        int at = at(field);
        return at == 0 ? 0 : file.getInt(follow(at));
    }

    /** A vector of 8-byte numbers, as the largest number where they do not fit; empty if it is not set. */
    List<Integer> longs(int field) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < size(field); i++) {
            long number = file.getLong(follow(at(field)) + Integer.BYTES + Long.BYTES * i);
            numbers.add(number == (int) number ? (int) number : Integer.MAX_VALUE);
        }
        return numbers;
    }

    /** A vector of bytes, little-endian; empty if it is not set. */
    ByteBuffer bytes(int field) {
        int size = size(field);
        return file.slice(size == 0 ? 0 : follow(at(field)) + Integer.BYTES, size)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A table, or nothing if it is not set. */
    Optional<FlatTable> table(int field) {
        int at = at(field);
        return at == 0 ? Optional.empty() : Optional.of(new FlatTable(file, follow(at)));
    }

    /** A text; empty if it is not set. */
    String text(int field) {
        int at = at(field);
        if (at == 0) {
            return "";
        }
        int start = follow(at);
        byte[] text = new byte[file.getInt(start)];
        file.get(start + Integer.BYTES, text);
        return new String(text, StandardCharsets.UTF_8);
    }

    /** A vector of 4-byte numbers; empty if it is not set. */
    List<Integer> numbers(int field) {
        List<Integer> numbers = new ArrayList<>();
        int at = at(field);
        if (at != 0) {
            int start = follow(at);
            for (int i = 0; i < file.getInt(start); i++) {
                numbers.add(file.getInt(start + Integer.BYTES * (i + 1)));
            }
        }
        return numbers;
    }

    /** A vector of tables; empty if it is not set. */
    List<FlatTable> tables(int field) {
        List<FlatTable> tables = new ArrayList<>();
        int at = at(field);
        if (at != 0) {
            int start = follow(at);
            for (int i = 0; i < file.getInt(start); i++) {
                tables.add(new FlatTable(file, follow(start + Integer.BYTES * (i + 1))));
            }
        }
        return tables;
    }
}
