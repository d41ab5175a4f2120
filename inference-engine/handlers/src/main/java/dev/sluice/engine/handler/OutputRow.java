// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.HalfFloat;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One row of one output of a model: numbers or texts to be read by index, in row-major order.
 *
 * <p><b>Ownership:</b> a view of the tensor's bytes, valid while the tensor is.
 */
final class OutputRow {
    private final DataType type;
    private final Shape shape;
    private final int size;
    /** Index, in elements, of this row's first element. */
    private final int start;

    private final ByteBuffer bytes;

    /** The row's elements, if they are texts; else nothing. */
    private final List<byte[]> texts;

    private OutputRow(Tensor tensor, Shape shape, int index) {
        this.type = tensor.type();
        this.shape = shape;
        this.size = Math.toIntExact(shape.elementCount());
        this.start = size * index;
        this.bytes = tensor.data().view();
        this.texts = type == DataType.BYTES ? ByteElements.read(tensor).subList(start, start + size) : List.of();
    }

    /**
     * Row {@code index} of {@code rows} in {@code tensor}.
     *
     * @throws ServingException {@code INVALID_MODEL} if the tensor has another number of rows
     */
    static OutputRow of(Tensor tensor, int index, int rows) {
        requireRows(tensor, rows);
        return new OutputRow(tensor, tensor.shape().row(), index);
    }

    /** All of {@code tensor}, with all its dimensions. */
    static OutputRow whole(Tensor tensor) {
        return new OutputRow(tensor, tensor.shape(), 0);
    }

    /** @throws ServingException {@code INVALID_MODEL} if {@code tensor} has another number of rows */
    static void requireRows(Tensor tensor, int rows) {
        Shape all = tensor.shape();
        if (all.rank() == 0 || all.dimension(0) != rows) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "model output '" + tensor.name() + "': " + tensor.type() + " " + all + " (expected: " + rows
                            + " rows, one per row of its input)");
        }
    }

    DataType type() {
        return type;
    }

    /** Without the dimension that counts rows. */
    Shape shape() {
        return shape;
    }

    /** Number of elements. */
    int size() {
        return size;
    }

    /** Whether elements have a fraction, so that {@link #number} is the way to read them, else {@link #integer}. */
    boolean isFractional() {
        return switch (type) {
            case FP16, BF16, FP32, FP64 -> true;
            case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, BYTES -> false;
        };
    }

    /** Element {@code i} of a row of texts, whose bytes are UTF-8 or whatever the model makes. */
    byte[] text(int i) {
        return texts.get(i);
    }

    /** Element {@code i} of a fractional type. */
    double number(int i) {
        int at = start + i;
        return switch (type) {
            case FP16 -> HalfFloat.toFloat(bytes.getShort(at * 2));
            case BF16 -> Float.intBitsToFloat(bytes.getShort(at * 2) << 16);
            case FP32 -> bytes.getFloat(at * 4);
            case FP64 -> bytes.getDouble(at * 8);
            case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, BYTES -> integer(i);
        };
    }

    /** Element {@code i} of an integral type; a {@code UINT64} comes as its 64 bits, a {@code BOOL} as 0 or another number. */
    long integer(int i) {
        int at = start + i;
        return switch (type) {
            case BOOL, UINT8 -> bytes.get(at) & 0xff;
            case INT8 -> bytes.get(at);
            case UINT16 -> bytes.getShort(at * 2) & 0xffff;
            case INT16 -> bytes.getShort(at * 2);
            case UINT32 -> Integer.toUnsignedLong(bytes.getInt(at * 4));
            case INT32 -> bytes.getInt(at * 4);
            case UINT64, INT64 -> bytes.getLong(at * 8);
            case FP16, BF16, FP32, FP64, BYTES -> throw new IllegalStateException(type + " is not integral");
        };
    }
}
