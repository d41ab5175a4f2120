// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.engine.NativeInput;
import dev.sluice.tensor.DataBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one call made and has to free, native and ours: nothing in libtorch's binding frees itself.
 *
 * <p><b>Threads:</b> confined to the thread of the call; used again by the next call of the same instance.
 */
final class TorchScope implements AutoCloseable {
    // All written by the thread of the call.
    private long[] tensors = new long[8];
    private int tensorCount;
    private long[] values = new long[8];
    private int valueCount;
    private final List<NativeInput> readable = new ArrayList<>(4);
    private final List<DataBuffer> buffers = new ArrayList<>(1);

    /** Frees the tensor at that address in the end; gives it back. */
    long tensor(long address) {
        if (tensorCount == tensors.length) {
            tensors = Arrays.copyOf(tensors, 2 * tensorCount);
        }
        tensors[tensorCount++] = address;
        return address;
    }

    /** Frees the value at that address in the end; gives it back. */
    long value(long address) {
        if (valueCount == values.length) {
            values = Arrays.copyOf(values, 2 * valueCount);
        }
        values[valueCount++] = address;
        return address;
    }

    /** Frees all of these values in the end; gives them back. */
    long[] values(long[] addresses) {
        for (long address : addresses) {
            value(address);
        }
        return addresses;
    }

    /** Closes {@code input} in the end; gives it back. */
    NativeInput readable(NativeInput input) {
        readable.add(input);
        return input;
    }

    /** Releases {@code buffer} in the end; gives it back. */
    DataBuffer buffer(DataBuffer buffer) {
        buffers.add(buffer);
        return buffer;
    }

    @Override
    public void close() {
        while (valueCount > 0) {
            TorchNatives.deleteValue(values[--valueCount]);
        }
        while (tensorCount > 0) {
            TorchNatives.deleteTensor(tensors[--tensorCount]);
        }
        for (NativeInput input : readable) {
            input.close();
        }
        readable.clear();
        for (DataBuffer buffer : buffers) {
            buffer.release();
        }
        buffers.clear();
    }
}
