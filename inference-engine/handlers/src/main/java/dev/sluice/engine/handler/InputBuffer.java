// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

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
 * <p><b>Threads:</b> used by one thread at a time.
 *
 * <p><b>Ownership:</b> owns its memory until {@link #close()}.
 */
final class InputBuffer implements AutoCloseable {
    private final BufferAllocator allocator;
    private final String inputName;
    private final int declaredRows;
    /** Written by the confining thread. */
    private @Nullable DataBuffer memory;

    InputBuffer(BufferAllocator allocator, Signature signature) {
        this.allocator = allocator;
        List<TensorSpec> inputs = signature.inputs();
        this.inputName = inputs.isEmpty() ? "input" : inputs.get(0).name();
        this.declaredRows =
                inputs.isEmpty() ? (int) Shape.ANY : (int) inputs.get(0).shape().dimension(0);
    }

    /** Most rows of this kind that one run can take: 1 for a model exported for one row, else what a buffer can hold. */
    int rowsPerRun(DataType type, Shape row) {
        if (declaredRows != Shape.ANY) {
            return declaredRows;
        }
        long rowBytes = Math.max(1, row.elementCount() * type.elementBytes());
        return (int) Math.max(1, Integer.MAX_VALUE / rowBytes);
    }

    /**
     * The rows as one tensor; released by the caller, before the next call.
     *
     * @param rows of one type and shape, one or more
     */
    Tensor gather(List<? extends Row> rows) {
        DataType type = rows.get(0).type();
        Shape shape = rows.get(0).shape().rows(rows.size());
        DataBuffer part = reserve(Math.multiplyExact(shape.elementCount(), type.elementBytes()));
        ByteBuffer target = part.view();
        try {
            rows.forEach(row -> row.writeTo(target));
            return new Tensor(inputName, type, shape, part);
        } catch (RuntimeException e) {
            part.release();
            throw e;
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
