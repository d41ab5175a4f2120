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
import java.nio.ByteOrder;
import java.util.Arrays;
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
    private static final byte[] NOTHING = {};

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
    Tensor gather(List<? extends Rows> rows) {
        Rows first = rows.get(0);
        int count = 0;
        for (Rows part : rows) {
            count += part.count();
        }
        int size = sizes.holding(count);
        Shape shape = first.shape().rows(size);
        Optional<DataBuffer> ready = first.ready();
        if (ready.isPresent() && rows.size() == 1 && size == count) {
            return new Tensor(inputName, first.type(), shape, ready.get().retain());
        }
        long bytes = rows.stream().mapToLong(Rows::size).sum();
        Rows last = rows.get(rows.size() - 1);
        byte[] padding = size == count ? NOTHING : lastRow(last);
        DataBuffer part = allocator.allocate(Math.addExact(bytes, (long) padding.length * (size - count)));
        try {
            ByteBuffer target = part.view();
            rows.forEach(row -> row.writeTo(target));
            for (int i = count; i < size; i++) {
                target.put(padding);
            }
            if (rows.stream().anyMatch(row -> row.ready().isPresent())) {
                allocator.copied(CopyReason.MULTI);
            }
            return new Tensor(inputName, first.type(), shape, part);
        } catch (RuntimeException | Error e) {
            part.release();
            throw e;
        }
    }

    /** The bytes of the last of {@code rows}. */
    private static byte[] lastRow(Rows rows) {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(rows.size())).order(ByteOrder.LITTLE_ENDIAN);
        rows.writeTo(all);
        int start =
                rows.type().isFixedSize() ? all.capacity() / rows.count() * (rows.count() - 1) : startOfLast(rows, all);
        return Arrays.copyOfRange(all.array(), start, all.capacity());
    }

    /** Where the last row of texts begins. */
    private static int startOfLast(Rows rows, ByteBuffer all) {
        long before = rows.shape().elementCount() * (rows.count() - 1);
        int at = 0;
        for (long i = 0; i < before; i++) {
            at += Integer.BYTES + all.getInt(at);
        }
        return at;
    }
}
