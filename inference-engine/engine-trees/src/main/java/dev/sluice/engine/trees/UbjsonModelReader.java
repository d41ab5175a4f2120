// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Universal Binary JSON as XGBoost writes it: big-endian, lengths before strings and arrays, arrays of numbers with one type for all.
 * Source: the format's draft 12; objects of one type and numbers in decimal digits, which XGBoost never writes, are refused.
 */
final class UbjsonModelReader extends ModelReader {
    private static final byte UNTYPED = 0;
    private static final int OPEN = -1;

    private final ByteBuffer bytes;

    /** Objects and arrays entered and not left. Written by the thread that reads. */
    private int depth;

    UbjsonModelReader(byte[] content) {
        this.bytes = ByteBuffer.wrap(content);
    }

    @Override
    void object(Fields fields) {
        expect('{');
        enter();
        int count = peek() == '#' ? counted(UNTYPED) : OPEN;
        for (int i = 0; count == OPEN ? peek() != '}' : i < count; i++) {
            fields.field(string(length(marker())));
        }
        leave(count, '}');
    }

    @Override
    void array(Runnable element) {
        expect('[');
        enter();
        if (peek() == '$') {
            throw new MalformedModelException(
                    "its UBJSON has an array of numbers (expected: an array of objects or strings)");
        }
        int count = peek() == '#' ? counted(UNTYPED) : OPEN;
        for (int i = 0; count == OPEN ? peek() != ']' : i < count; i++) {
            element.run();
        }
        leave(count, ']');
    }

    @Override
    String text() {
        expect('S');
        return string(length(marker()));
    }

    @Override
    float[] floats() {
        byte type = numbers();
        int count = peek() == '#' ? counted(type) : OPEN;
        float[] values = new float[count == OPEN ? 16 : count];
        int size = 0;
        for (; count == OPEN ? peek() != ']' : size < count; size++) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size] = number(type == UNTYPED ? marker() : type);
        }
        leave(count, ']');
        return size == values.length ? values : Arrays.copyOf(values, size);
    }

    @Override
    int[] ints() {
        byte type = numbers();
        int count = peek() == '#' ? counted(type) : OPEN;
        int[] values = new int[count == OPEN ? 16 : count];
        int size = 0;
        for (; count == OPEN ? peek() != ']' : size < count; size++) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size] = integer(type == UNTYPED ? marker() : type);
        }
        leave(count, ']');
        return size == values.length ? values : Arrays.copyOf(values, size);
    }

    /** Enters an array; the type of all its elements, or {@link #UNTYPED}. */
    private byte numbers() {
        expect('[');
        enter();
        if (peek() != '$') {
            return UNTYPED;
        }
        bytes.get();
        byte type = marker();
        if (peek() != '#') {
            throw found("an array with a type and no count");
        }
        return type;
    }

    private float number(byte type) {
        return switch (type) {
            case 'd' -> require(4).getFloat();
            case 'D' -> (float) require(8).getDouble();
            default -> (float) whole(type);
        };
    }

    private int integer(byte type) {
        long value = whole(type);
        if (value != (int) value) {
            throw found("the number " + value);
        }
        return (int) value;
    }

    private long whole(byte type) {
        return switch (type) {
            case 'i' -> require(1).get();
            case 'U' -> require(1).get() & 0xff;
            case 'I' -> require(2).getShort();
            case 'l' -> require(4).getInt();
            case 'L' -> require(8).getLong();
            case 'T' -> 1;
            case 'F' -> 0;
            default -> throw found("the type " + shown(type) + " where a number belongs");
        };
    }

    /** Bytes of one value, without the marker; what takes none counts as one, since every element is at least its marker. */
    private static int size(byte type) {
        return switch (type) {
            case 'I' -> 2;
            case 'l', 'd' -> 4;
            case 'L', 'D' -> 8;
            default -> 1;
        };
    }

    /** The number after {@code #}: so many elements fit into the bytes that are left. */
    private int counted(byte type) {
        bytes.get();
        long count = whole(marker());
        if (count < 0 || count > bytes.remaining() / size(type)) {
            throw found("an array of " + count + " elements in " + bytes.remaining() + " bytes");
        }
        return (int) count;
    }

    private int length(byte type) {
        long length = whole(type);
        if (length < 0 || length > bytes.remaining()) {
            throw found("a string of " + length + " bytes in " + bytes.remaining());
        }
        return (int) length;
    }

    private String string(int length) {
        byte[] text = new byte[length];
        bytes.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    @Override
    void skip() {
        byte type = marker();
        switch (type) {
            case '{' -> {
                bytes.position(bytes.position() - 1);
                object(name -> skip());
            }
            case '[' -> skipArray();
            case 'S' -> pass(length(marker()));
            case 'Z', 'T', 'F' -> {}
            case 'C' -> pass(1);
            case 'i', 'U', 'I', 'l', 'L', 'd', 'D' -> pass(size(type));
            default -> throw found("the type " + shown(type));
        }
    }

    private void skipArray() {
        bytes.position(bytes.position() - 1);
        if (bytes.remaining() > 1 && bytes.get(bytes.position() + 1) == '$') {
            floats();
        } else {
            array(this::skip);
        }
    }

    @Override
    void end() {
        if (bytes.hasRemaining()) {
            throw found(bytes.remaining() + " bytes after its end");
        }
    }

    private void enter() {
        if (++depth > DEEPEST) {
            throw found("more than " + DEEPEST + " levels");
        }
    }

    private void leave(int count, char end) {
        if (count == OPEN) {
            expect(end);
        }
        depth--;
    }

    private void expect(char expected) {
        byte actual = marker();
        if (actual != expected) {
            throw found(shown(actual) + " where " + shown((byte) expected) + " belongs");
        }
    }

    /** The next marker; {@code N} means nothing. */
    private byte marker() {
        byte marker = require(1).get();
        while (marker == 'N') {
            marker = require(1).get();
        }
        return marker;
    }

    /** The marker that comes next, not taken. */
    private byte peek() {
        byte marker = marker();
        bytes.position(bytes.position() - 1);
        return marker;
    }

    /** The bytes, of which there are {@code count} left at least. */
    private ByteBuffer require(int count) {
        if (bytes.remaining() < count) {
            throw new MalformedModelException("its UBJSON ends too early");
        }
        return bytes;
    }

    private void pass(int count) {
        require(count).position(bytes.position() + count);
    }

    private MalformedModelException found(String what) {
        return new MalformedModelException("its UBJSON is damaged: " + what + ", at byte " + bytes.position());
    }

    private static String shown(byte marker) {
        return marker > ' ' && marker < 127 ? "'" + (char) marker + "'" : "byte " + (marker & 0xff);
    }
}
