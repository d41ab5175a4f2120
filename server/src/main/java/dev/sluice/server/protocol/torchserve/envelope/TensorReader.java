// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.HalfFloat;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the {@code data} of a tensor: a list of its elements in row-major order, nested or not. Each must be of the declared type and
 * within its range, and there must be as many as the shape says.
 *
 * <p><b>Threads:</b> confined to one.
 */
final class TensorReader {
    private final String name;
    private final DataType type;
    private final Shape shape;
    private final long count;

    /** Elements read so far. */
    private long seen;

    TensorReader(String name, DataType type, Shape shape) {
        this.name = name;
        this.type = type;
        this.shape = shape;
        this.count = shape.elementCount();
    }

    /** The tensor, which is the caller's. */
    Tensor read(DataBuffer json, BufferAllocator allocator) throws IOException {
        // An element takes a byte at least, so a wild shape is found out before there is memory for it.
        if (count > json.size()) {
            throw refused("fewer elements");
        }
        return type == DataType.BYTES ? readTexts(json, allocator) : readNumbers(json, allocator);
    }

    private Tensor readNumbers(DataBuffer json, BufferAllocator allocator) throws IOException {
        DataBuffer memory = allocator.allocate(count * type.elementBytes());
        try (JsonParser parser = Contents.parser(json.view())) {
            ByteBuffer bytes = memory.view();
            while (nextElement(parser)) {
                put(parser, bytes);
            }
            return new Tensor(name, type, shape, memory);
        } catch (IOException | RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }

    private Tensor readTexts(DataBuffer json, BufferAllocator allocator) throws IOException {
        List<byte[]> texts = new ArrayList<>();
        try (JsonParser parser = Contents.parser(json.view())) {
            while (nextElement(parser)) {
                if (parser.currentToken() != JsonToken.VALUE_STRING) {
                    throw wrongType(parser);
                }
                texts.add(parser.getText().getBytes(StandardCharsets.UTF_8));
            }
        }
        return ByteElements.write(name, shape, texts, allocator);
    }

    /** Goes to the next element; false after the last. */
    private boolean nextElement(JsonParser parser) throws IOException {
        JsonToken token = parser.nextToken();
        while (token == JsonToken.START_ARRAY || token == JsonToken.END_ARRAY) {
            token = parser.nextToken();
        }
        if (token == null) {
            if (seen != count) {
                throw refused(seen + " elements");
            }
            return false;
        }
        if (!token.isScalarValue()) {
            throw wrongType(parser);
        }
        if (seen == count) {
            throw refused("more elements");
        }
        seen++;
        return true;
    }

    private void put(JsonParser parser, ByteBuffer bytes) throws IOException {
        switch (type) {
            case BOOL -> bytes.put((byte) (bool(parser) ? 1 : 0));
            case UINT8 -> bytes.put((byte) whole(parser, 0, 0xff));
            case INT8 -> bytes.put((byte) whole(parser, Byte.MIN_VALUE, Byte.MAX_VALUE));
            case UINT16 -> bytes.putShort((short) whole(parser, 0, 0xffff));
            case INT16 -> bytes.putShort((short) whole(parser, Short.MIN_VALUE, Short.MAX_VALUE));
            case UINT32 -> bytes.putInt((int) whole(parser, 0, 0xffff_ffffL));
            case INT32 -> bytes.putInt((int) whole(parser, Integer.MIN_VALUE, Integer.MAX_VALUE));
            case INT64 -> bytes.putLong(whole(parser, Long.MIN_VALUE, Long.MAX_VALUE));
            case UINT64 -> bytes.putLong(unsigned(parser));
            case FP16 -> bytes.putShort(half(parser));
            case BF16 -> bytes.putShort(brain(parser));
            case FP32 -> bytes.putFloat((float) number(parser, Float.MAX_VALUE));
            case FP64 -> bytes.putDouble(number(parser, Double.MAX_VALUE));
            case BYTES -> throw new IllegalStateException("texts are read as such");
        }
    }

    private boolean bool(JsonParser parser) throws IOException {
        if (!parser.currentToken().isBoolean()) {
            throw wrongType(parser);
        }
        return parser.getBooleanValue();
    }

    private long whole(JsonParser parser, long least, long most) throws IOException {
        BigInteger value = integer(parser);
        if (value.bitLength() >= Long.SIZE || value.longValue() < least || value.longValue() > most) {
            throw outOfRange(parser);
        }
        return value.longValue();
    }

    private long unsigned(JsonParser parser) throws IOException {
        BigInteger value = integer(parser);
        if (value.signum() < 0 || value.bitLength() > Long.SIZE) {
            throw outOfRange(parser);
        }
        return value.longValue();
    }

    private BigInteger integer(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw wrongType(parser);
        }
        JsonParser.NumberType size = parser.getNumberType();
        return size == JsonParser.NumberType.BIG_INTEGER
                ? parser.getBigIntegerValue()
                : BigInteger.valueOf(parser.getLongValue());
    }

    private double number(JsonParser parser, double most) throws IOException {
        if (!parser.currentToken().isNumeric()) {
            throw wrongType(parser);
        }
        double value = parser.getDoubleValue();
        if (!(Math.abs(value) <= most)) {
            throw outOfRange(parser);
        }
        return value;
    }

    private short half(JsonParser parser) throws IOException {
        short half = HalfFloat.fromFloat((float) number(parser, Float.MAX_VALUE));
        if (!Float.isFinite(HalfFloat.toFloat(half))) {
            throw outOfRange(parser);
        }
        return half;
    }

    private short brain(JsonParser parser) throws IOException {
        short brain = HalfFloat.brainFromFloat((float) number(parser, Float.MAX_VALUE));
        if (!Float.isFinite(HalfFloat.brainToFloat(brain))) {
            throw outOfRange(parser);
        }
        return brain;
    }

    private ServingException wrongType(JsonParser parser) {
        return Contents.invalid("input '" + name + "': element " + Math.max(0, seen - 1) + " is "
                + parser.currentToken() + " (expected: " + type + ")");
    }

    private ServingException outOfRange(JsonParser parser) throws IOException {
        String text = parser.getText();
        return Contents.invalid("input '" + name + "': element " + (seen - 1) + " is "
                + (text.length() > 32 ? text.substring(0, 32) + "..." : text) + " (expected: " + type + ")");
    }

    private ServingException refused(String what) {
        return Contents.invalid(
                "input '" + name + "': data has " + what + " (expected: " + count + " for " + shape + ")");
    }
}
