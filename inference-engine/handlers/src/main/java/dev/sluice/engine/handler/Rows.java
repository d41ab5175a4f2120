// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One request's share of one of a model's inputs: a row, or several, each a tensor without its outermost dimension.
 *
 * <p><b>Ownership:</b> whoever holds rows releases them, once.
 */
interface Rows {
    DataType type();

    /** Of one row: without the dimension that counts rows. */
    Shape shape();

    /** How many; content makes one, a tensor has as many as its outermost dimension says. */
    default int count() {
        return 1;
    }

    /** Bytes that {@link #writeTo} writes. */
    default long size() {
        return shape().elementCount() * type().elementBytes() * count();
    }

    /** Writes as many bytes as {@link #size} says at the position of {@code target}, which is little-endian. */
    void writeTo(ByteBuffer target);

    /** Their bytes, still their own, if they lie ready somewhere; empty if only {@link #writeTo} makes them. */
    default Optional<DataBuffer> ready() {
        return Optional.empty();
    }

    /**
     * Whether the first dimension of a row is a length that {@link #stretchedTo} can make longer, so that requests of different
     * lengths run together.
     */
    default boolean isStretchable() {
        return false;
    }

    /** The same with {@code length}, which is no less than the one there is, as the first dimension of a row; released with these. */
    default Rows stretchedTo(long length) {
        throw new UnsupportedOperationException("rows of " + shape() + " have a fixed length");
    }

    /** Gives back the memory they hold, if any. */
    default void release() {}
}
