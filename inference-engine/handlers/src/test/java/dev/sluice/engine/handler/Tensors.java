// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes tensors in direct memory, where engines read them, for tests. */
final class Tensors {
    private Tensors() {}

    static Tensor floats(String name, long[] shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return new Tensor(name, DataType.FP32, Shape.of(shape), DataBuffer.of(bytes, () -> {}));
    }

    static Tensor longs(String name, long[] shape, long... values) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return new Tensor(name, DataType.INT64, Shape.of(shape), DataBuffer.of(bytes, () -> {}));
    }

    static long[] shape(long... dimensions) {
        return dimensions;
    }

    /** All numbers of a tensor of FP32. */
    static float[] values(Tensor tensor) {
        float[] values = new float[tensor.data().size() / 4];
        tensor.data().view().asFloatBuffer().get(values);
        return values;
    }
}
