// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.AllowedSizes;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The direct memory in which one instance hands rows to its model, used again for each run and grown when a run needs more.
 *
 * <p><b>Threads:</b> confined to one instance thread.
 *
 * <p><b>Ownership:</b> owns its memory until {@link #close()}.
 */
final class InputBuffer implements AutoCloseable {
    private final BufferAllocator allocator;
    private final String inputName;
    private final AllowedSizes sizes;
    /** Written by the confining thread. */
    private @Nullable DataBuffer memory;

    /** @param allowed the numbers of rows the model may be given; one that was exported for a number of rows is only given that */
    InputBuffer(BufferAllocator allocator, Signature signature, AllowedSizes allowed) {
        this.allocator = allocator;
        List<TensorSpec> inputs = signature.inputs();
        this.inputName = inputs.isEmpty() ? "input" : inputs.get(0).name();
        long declaredRows = inputs.isEmpty() ? Shape.ANY : inputs.get(0).shape().dimension(0);
        this.sizes = declaredRows < 1 ? allowed : AllowedSizes.of((int) declaredRows);
    }

    /** The numbers of rows the model may be given. */
    AllowedSizes sizes() {
        return sizes;
    }

    /** Most rows of this kind that one run can take: the largest size, or what a buffer can hold. */
    int rowsPerRun(DataType type, Shape row) {
        long rowBytes = Math.max(1, row.elementCount() * type.elementBytes());
        int held = (int) Math.max(1, Integer.MAX_VALUE / rowBytes);
        return sizes.isAny() ? held : Math.min(sizes.largest(), sizes.within(held));
    }

    /**
     * The rows as one tensor; released by the caller, before the next call. If there is no size of as many, the last row is repeated
     * up to the next one: it is valid data, whatever the model computes. What comes out for it has to be left alone.
     *
     * @param rows of one type and shape, one or more
     */
    Tensor gather(List<? extends Row> rows) {
        DataType type = rows.get(0).type();
        int size = sizes.holding(rows.size());
        Shape shape = rows.get(0).shape().rows(size);
        DataBuffer part = reserve(Math.multiplyExact(shape.elementCount(), type.elementBytes()));
        ByteBuffer target = part.view();
        try {
            rows.forEach(row -> row.writeTo(target));
            repeatLast(target, rows.size(), size);
            return new Tensor(inputName, type, shape, part);
        } catch (RuntimeException e) {
            part.release();
            throw e;
        }
    }

    private static void repeatLast(ByteBuffer target, int rows, int size) {
        int rowBytes = target.position() / rows;
        ByteBuffer last = target.duplicate().flip().position(target.position() - rowBytes);
        for (int i = rows; i < size; i++) {
            target.put(last.duplicate());
        }
    }

    private DataBuffer reserve(long bytes) {
        DataBuffer current = memory;
        if (current == null || current.size() < bytes) {
            close();
            current = allocator.allocate(bytes);
            memory = current;
        }
        return current.retainedSlice(0, (int) bytes);
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.release();
            memory = null;
        }
    }
}
