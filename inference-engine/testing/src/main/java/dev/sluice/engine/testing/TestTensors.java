// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Tensors from Java arrays, and back. Whoever asks for a tensor releases it. */
public final class TestTensors {
    private TestTensors() {}

    public static Tensor floats(BufferAllocator allocator, String name, Shape shape, float... values) {
        return fill(
                allocator,
                name,
                DataType.FP32,
                shape,
                bytes -> bytes.asFloatBuffer().put(values));
    }

    public static Tensor doubles(BufferAllocator allocator, String name, Shape shape, double... values) {
        return fill(
                allocator,
                name,
                DataType.FP64,
                shape,
                bytes -> bytes.asDoubleBuffer().put(values));
    }

    public static Tensor longs(BufferAllocator allocator, String name, Shape shape, long... values) {
        return fill(
                allocator,
                name,
                DataType.INT64,
                shape,
                bytes -> bytes.asLongBuffer().put(values));
    }

    public static Tensor ints(BufferAllocator allocator, String name, Shape shape, int... values) {
        return fill(
                allocator,
                name,
                DataType.INT32,
                shape,
                bytes -> bytes.asIntBuffer().put(values));
    }

    /** For the types of two bytes: integers as they are, {@code FP16} and {@code BF16} as their bits. */
    public static Tensor shorts(BufferAllocator allocator, String name, DataType type, Shape shape, int... bits) {
        return fill(allocator, name, type, shape, bytes -> {
            for (int value : bits) {
                bytes.putShort((short) value);
            }
        });
    }

    /** For the types of one byte: {@code BOOL} as 0 and 1. */
    public static Tensor bytes(BufferAllocator allocator, String name, DataType type, Shape shape, int... values) {
        return fill(allocator, name, type, shape, bytes -> {
            for (int value : values) {
                bytes.put((byte) value);
            }
        });
    }

    /** All zeros. */
    public static Tensor zeros(BufferAllocator allocator, String name, DataType type, Shape shape) {
        return fill(allocator, name, type, shape, bytes -> bytes.put(new byte[bytes.remaining()]));
    }

    public static float[] floats(Tensor tensor) {
        float[] values = new float[count(tensor, DataType.FP32)];
        tensor.data().view().asFloatBuffer().get(values);
        return values;
    }

    public static double[] doubles(Tensor tensor) {
        double[] values = new double[count(tensor, DataType.FP64)];
        tensor.data().view().asDoubleBuffer().get(values);
        return values;
    }

    public static long[] longs(Tensor tensor) {
        long[] values = new long[count(tensor, DataType.INT64)];
        tensor.data().view().asLongBuffer().get(values);
        return values;
    }

    public static int[] ints(Tensor tensor) {
        int[] values = new int[count(tensor, DataType.INT32)];
        tensor.data().view().asIntBuffer().get(values);
        return values;
    }

    private static int count(Tensor tensor, DataType expected) {
        if (tensor.type() != expected) {
            throw new AssertionError(
                    "tensor '" + tensor.name() + "': " + tensor.type() + " (expected: " + expected + ")");
        }
        return Math.toIntExact(tensor.shape().elementCount());
    }

    private static Tensor fill(
            BufferAllocator allocator, String name, DataType type, Shape shape, Consumer<ByteBuffer> values) {
        DataBuffer data = allocator.allocate(shape.elementCount() * type.elementBytes());
        values.accept(data.view());
        return new Tensor(name, type, shape, data);
    }
}
