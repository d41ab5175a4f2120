// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads a row written as JSON from the request's bytes straight into direct memory: no text, list or boxed number in between.
 * It knows plain nested lists of numbers and nothing else. Whatever it does not know, wrong or merely rare, is read once more
 * by {@link NestedNumbers}, which takes its time and says what is wrong.
 *
 * <p>In a list of equally long lists every number but the first follows one comma, so counting commas tells how much memory it
 * takes.
 *
 * <p><b>Threads:</b> confined to one instance thread.
 */
final class JsonRowReader {
    private static final long ALL_ONES = 0x0101010101010101L;
    private static final long ALL_COMMAS = ',' * ALL_ONES;
    private static final long LOW_BITS = 0x7f * ALL_ONES;
    private static final int UNKNOWN = -1;

    private final DataType type;
    private final BufferAllocator allocator;
    private final NumberReader numbers;
    private final int[] open = new int[NestedNumbers.MAX_DEPTH];
    private final int[] closed = new int[NestedNumbers.MAX_DEPTH];
    /** Lists now open; written by the thread that parses. */
    private int depth;
    /** Level on which the numbers are; written by the thread that parses. */
    private int rank;

    JsonRowReader(DataType type, BufferAllocator allocator) {
        this.type = type;
        this.allocator = allocator;
        this.numbers = new NumberReader(type);
    }

    /**
     * The row of one request, released by the caller.
     *
     * @param declared the model's input, if it says; a row of another size gets no memory
     * @throws dev.sluice.inference.ServingException as {@link NestedNumbers#parse}; {@code OVERLOADED} without memory for it
     */
    Rows read(RequestBody body, Optional<TensorSpec> declared) {
        if (!NumberSink.takes(type)) {
            return NestedNumbers.parse(body, type);
        }
        ByteBuffer text = body.content().view();
        long elements = commas(text) + 1;
        long size = elements * type.elementBytes();
        if (size > Integer.MAX_VALUE || !isExpected(elements, declared)) {
            return NestedNumbers.parse(body, type);
        }
        DataBuffer memory = allocator.allocate(size);
        try {
            Optional<Shape> shape = parse(text, memory.view());
            if (shape.isPresent()) {
                return new TensorRows(type, shape.get(), memory.retain());
            }
        } finally {
            memory.release();
        }
        return NestedNumbers.parse(body, type);
    }

    private static boolean isExpected(long elements, Optional<TensorSpec> declared) {
        if (declared.isEmpty()) {
            return true;
        }
        Shape row = declared.get().shape().row();
        return !row.isConcrete() || row.elementCount() == elements;
    }

    /** Commas in all of {@code text}, eight bytes at a time. */
    private static long commas(ByteBuffer text) {
        long count = 0;
        int i = 0;
        for (; i <= text.limit() - Long.BYTES; i += Long.BYTES) {
            long difference = text.getLong(i) ^ ALL_COMMAS;
            // The high bit of each byte that is no comma.
            long others = (((difference & LOW_BITS) + LOW_BITS) | difference) & ~LOW_BITS;
            count += Long.BYTES - Long.bitCount(others);
        }
        for (; i < text.limit(); i++) {
            count += text.get(i) == ',' ? 1 : 0;
        }
        return count;
    }

    /** The shape of what was written to {@code target}, which is full; empty if {@code text} is not all plain and right. */
    private Optional<Shape> parse(ByteBuffer text, ByteBuffer target) {
        depth = 0;
        rank = UNKNOWN;
        Arrays.fill(closed, UNKNOWN);
        int at = skipSpace(text, 0);
        do {
            while (at < text.limit() && text.get(at) == '[') {
                if (!openList()) {
                    return Optional.empty();
                }
                at = skipSpace(text, at + 1);
            }
            if (!target.hasRemaining() || !isOnLevel()) {
                return Optional.empty();
            }
            at = numbers.read(text, at, target);
            if (at < 0) {
                return Optional.empty();
            }
            at = closeLists(text, skipSpace(text, at));
            if (at < 0) {
                return Optional.empty();
            }
        } while (depth > 0);
        return at == text.limit() && !target.hasRemaining() ? Optional.of(shape()) : Optional.empty();
    }

    private boolean openList() {
        if (depth == NestedNumbers.MAX_DEPTH || depth == rank) {
            return false;
        }
        open[depth++] = 0;
        return true;
    }

    private boolean isOnLevel() {
        if (rank == UNKNOWN) {
            rank = depth;
        }
        return rank == depth;
    }

    /** Takes what follows a value: the ends of lists, then a comma or the end. Where the next value begins, or -1. */
    private int closeLists(ByteBuffer text, int from) {
        int at = from;
        while (depth > 0) {
            open[depth - 1]++;
            if (at >= text.limit()) {
                return -1;
            }
            byte next = text.get(at);
            at = skipSpace(text, at + 1);
            if (next == ',') {
                return at;
            }
            if (next != ']' || !closeList()) {
                return -1;
            }
        }
        return at;
    }

    private boolean closeList() {
        int length = open[--depth];
        if (closed[depth] == UNKNOWN) {
            closed[depth] = length;
        }
        return closed[depth] == length;
    }

    private static int skipSpace(ByteBuffer text, int from) {
        int at = from;
        while (at < text.limit() && isSpace(text.get(at))) {
            at++;
        }
        return at;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    private Shape shape() {
        long[] dimensions = new long[rank];
        Arrays.setAll(dimensions, level -> closed[level]);
        return Shape.of(dimensions);
    }
}
