// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.tensorflowlite.TfLiteIntArray;
import org.bytedeco.tensorflowlite.TfLiteTensor;

/**
 * A tensor of an interpreter: its shape, and where its bytes are. Valid until the interpreter is planned anew, or, where tensors
 * move, until it is called.
 */
final class NativeTensor {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final TfLiteTensor tensor;
    private final Shape shape;
    private final ByteBuffer bytes;

    private NativeTensor(TfLiteTensor tensor, Shape shape, ByteBuffer bytes) {
        this.tensor = tensor;
        this.shape = shape;
        this.bytes = bytes;
    }

    static NativeTensor of(TfLiteTensor tensor) {
        return new NativeTensor(tensor, shape(tensor.dims()), bytes(tensor));
    }

    /** The shape in {@code sizes}; a scalar's if there are none. */
    static Shape shape(TfLiteIntArray sizes) {
        if (sizes == null || sizes.isNull()) {
            return Shape.of();
        }
        long[] dimensions = new long[sizes.size()];
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = sizes.data(i);
        }
        return Shape.of(dimensions);
    }

    private static ByteBuffer bytes(TfLiteTensor tensor) {
        long size = tensor.bytes();
        BytePointer start = tensor.data().raw();
        if (size == 0 || start == null || start.isNull()) {
            return NOTHING;
        }
        if (size > Integer.MAX_VALUE) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "a tensor of " + size + " bytes (expected: " + Integer.MAX_VALUE + " at most)");
        }
        return start.<BytePointer>capacity(size).asByteBuffer();
    }

    /** Copies {@code source}, which has this shape and type, into this tensor. */
    void write(Tensor source, BufferAllocator allocator) {
        if (source.type() == DataType.BYTES) {
            StringTensors.write(source, tensor);
        } else {
            check("input", source.name(), source.data().size());
            try (NativeInput input = NativeInput.of(source, allocator)) {
                bytes.duplicate().put(input.bytes());
            }
        }
    }

    /** A file may declare sizes that its graph does not have. */
    private void check(String role, String name, long expected) {
        if (bytes.capacity() != expected) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    role + " '" + name + "': " + bytes.capacity() + " bytes in the interpreter (expected: " + expected
                            + ")");
        }
    }

    /** A copy under the name and type of {@code declared}, owned by the caller. */
    Tensor read(TensorSpec declared, BufferAllocator allocator) {
        if (declared.type() == DataType.BYTES) {
            return StringTensors.read(declared.name(), shape, bytes, allocator);
        }
        long size = shape.elementCount() * declared.type().elementBytes();
        check("output", declared.name(), size);
        DataBuffer data = allocator.allocate(size);
        Tensor copy = new Tensor(declared.name(), declared.type(), shape, data);
        NativeOutput.of(copy).put(bytes.duplicate());
        return copy;
    }
}
