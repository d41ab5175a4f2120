// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.AllowedSizes;
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
    private final AllowedSizes sizes;

    /**
     * @param input what the rows are for; empty if the model declares nothing
     * @param allowed the numbers of rows the model may be given; one that was exported for a number of rows is only given that
     */
    InputBuffer(BufferAllocator allocator, Optional<TensorSpec> input, AllowedSizes allowed) {
        this.allocator = allocator;
        this.inputName = input.map(TensorSpec::name).orElse("input");
        long declaredRows = input.map(declared -> declared.shape().dimension(0)).orElse(Shape.ANY);
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
     * The rows as one tensor, released by the caller before the rows. If there is no size of as many, the last row is repeated
     * up to the next one: it is valid data, whatever the model computes. What comes out for it has to be left alone.
     *
     * @param rows of one type and shape, one or more
     */
    Tensor gather(List<? extends Row> rows) {
        DataType type = rows.get(0).type();
        int size = sizes.holding(rows.size());
        Shape shape = rows.get(0).shape().rows(size);
        Optional<DataBuffer> ready = rows.get(0).ready();
        if (ready.isPresent() && size == 1) {
            return new Tensor(inputName, type, shape, ready.get().retain());
        }
        DataBuffer part = allocator.allocate(Math.multiplyExact(shape.elementCount(), type.elementBytes()));
        ByteBuffer target = part.view();
        try {
            rows.forEach(row -> row.writeTo(target));
            repeatLast(target, rows.size(), size);
            if (rows.stream().anyMatch(row -> row.ready().isPresent())) {
                allocator.copied(CopyReason.MULTI);
            }
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
}
