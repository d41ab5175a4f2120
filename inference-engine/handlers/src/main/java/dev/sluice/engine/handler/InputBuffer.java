// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Puts rows into the one run of direct memory from which a model reads them. A row that lies ready and runs alone stays where
 * it is; others are put side by side. Nothing is kept between runs: the pool behind the allocator does that better, and what
 * is not in use is not charged to anybody.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class InputBuffer {
    private final BufferAllocator allocator;
    private final String inputName;
    private final int declaredRows;

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
     * The rows as one tensor, released by the caller before the rows.
     *
     * @param rows of one type and shape, one or more
     */
    Tensor gather(List<? extends Row> rows) {
        DataType type = rows.get(0).type();
        Shape shape = rows.get(0).shape().rows(rows.size());
        Optional<DataBuffer> ready = rows.get(0).ready();
        if (ready.isPresent() && rows.size() == 1) {
            return new Tensor(inputName, type, shape, ready.get().retain());
        }
        DataBuffer part = allocator.allocate(Math.multiplyExact(shape.elementCount(), type.elementBytes()));
        ByteBuffer target = part.view();
        try {
            rows.forEach(row -> row.writeTo(target));
            if (ready.isPresent()) {
                allocator.copied(CopyReason.MULTI);
            }
            return new Tensor(inputName, type, shape, part);
        } catch (RuntimeException e) {
            part.release();
            throw e;
        }
    }
}
