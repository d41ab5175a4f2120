// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.engine.NativeInput;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A small tensor of libtorch's own that stays from one call to the next, into which inputs of the same type and shape are copied. Making
 * a tensor over foreign memory and deleting it takes more than a microsecond, copying a row of features a few nanoseconds.
 *
 * <p><b>Threads:</b> confined to the thread that uses its instance.
 *
 * <p><b>Ownership:</b> owns what is native; closing frees it.
 */
final class TorchSlot implements AutoCloseable {
    /** Above this, copying an input takes longer than making a tensor over its memory. */
    private static final int LARGEST = 16 << 10;

    private final DataType type;
    private final Shape shape;
    private final long[] sizes;
    private final long tensor;
    private final long value;
    private final ByteBuffer memory;

    private TorchSlot(DataType type, Shape shape, long[] sizes, long tensor, long value, ByteBuffer memory) {
        this.type = type;
        this.shape = shape;
        this.sizes = sizes;
        this.tensor = tensor;
        this.value = value;
        this.memory = memory;
    }

    /** Whether there can be a slot for inputs like this, of a model on processors. */
    static boolean suits(Tensor input) {
        int size = input.data().size();
        return size > 0 && size <= LARGEST && TorchTypes.number(input.type()) >= 0;
    }

    /** A slot for inputs like that one. */
    static TorchSlot of(Tensor input, int[] device) {
        long[] sizes = input.shape().toArray();
        long tensor = TorchNatives.tensor(sizes, TorchTypes.number(input.type()), device);
        return new TorchSlot(
                input.type(),
                input.shape(),
                sizes,
                tensor,
                TorchNatives.valueOfTensor(tensor),
                TorchNatives.view(tensor));
    }

    boolean takes(Tensor input) {
        return input.type() == type && input.shape().equals(shape);
    }

    void fill(Tensor input, BufferAllocator allocator) {
        try (NativeInput readable = NativeInput.of(input, allocator)) {
            memory.duplicate().put(readable.bytes());
        }
    }

    long tensor() {
        return tensor;
    }

    long value() {
        return value;
    }

    /** Whether it is as it was made: a module may have turned or reshaped the very tensor it was given. */
    boolean isIntact() {
        return TorchNatives.isContiguous(tensor) && Arrays.equals(TorchNatives.sizes(tensor), sizes);
    }

    @Override
    public void close() {
        TorchNatives.deleteValue(value);
        TorchNatives.deleteTensor(tensor);
    }
}
