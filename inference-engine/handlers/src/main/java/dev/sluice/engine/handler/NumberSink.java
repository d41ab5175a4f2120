// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.HalfFloat;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Values of a JSON text as little-endian bytes of one {@link DataType}, in the order they come. */
final class NumberSink {
    private final DataType type;
    /** Written by the thread that parses. */
    private ByteBuffer bytes;

    NumberSink(DataType type) {
        this.type = type;
        this.bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Whether the plain reader of numbers, too, knows this type. */
    static boolean takes(DataType type) {
        return switch (type) {
            case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP32, FP64 -> true;
            case FP16, BF16, BYTES -> false;
        };
    }

    /** What values of {@code type} are written as. */
    static String kind(DataType type) {
        return type == DataType.BYTES ? "strings" : type + " values";
    }

    /** Takes the parser's current token; false if it is not a value of the type. */
    boolean add(JsonParser parser) throws IOException {
        if (bytes.remaining() < Long.BYTES) {
            ByteBuffer grown = ByteBuffer.allocate(Math.multiplyExact(bytes.capacity(), 2));
            bytes = grown.order(ByteOrder.LITTLE_ENDIAN).put(bytes.flip());
        }
        JsonToken token = parser.currentToken();
        return switch (type) {
            case BOOL -> token.isBoolean() && put(parser.getBooleanValue() ? 1 : 0, 1);
            case FP32 -> token.isNumeric() && put(Float.floatToRawIntBits(parser.getFloatValue()), 4);
            case FP64 -> token.isNumeric() && put(Double.doubleToRawLongBits(parser.getDoubleValue()), 8);
            case UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64 ->
                token == JsonToken.VALUE_NUMBER_INT && putInteger(parser.getBigIntegerValue());
            case FP16 -> token.isNumeric() && put(HalfFloat.fromFloat(parser.getFloatValue()), 2);
            case BF16 -> token.isNumeric() && put(HalfFloat.brainFromFloat(parser.getFloatValue()), 2);
            case BYTES -> token == JsonToken.VALUE_STRING && putText(parser.getText());
        };
    }

    private boolean putText(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        long needed = (long) bytes.position() + Integer.BYTES + encoded.length;
        if (needed > bytes.capacity()) {
            ByteBuffer grown = ByteBuffer.allocate(Math.toIntExact(Math.max(needed, 2L * bytes.capacity())));
            bytes = grown.order(ByteOrder.LITTLE_ENDIAN).put(bytes.flip());
        }
        bytes.putInt(encoded.length).put(encoded);
        return true;
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private boolean putInteger(BigInteger value) {
        int bits = type.elementBytes() * 8;
        boolean fits = isUnsigned() ? value.signum() >= 0 && value.bitLength() <= bits : value.bitLength() < bits;
        return fits && put(value.longValue(), type.elementBytes());
    }

    private boolean isUnsigned() {
        return type == DataType.UINT8 || type == DataType.UINT16 || type == DataType.UINT32 || type == DataType.UINT64;
    }

    /** Writes the lower {@code size} bytes of {@code value}. */
    private boolean put(long value, int size) {
        bytes.putLong(bytes.position(), value);
        bytes.position(bytes.position() + size);
        return true;
    }
}
