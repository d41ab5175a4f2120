// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One request's share of a model's input: a tensor without its outermost dimension.
 *
 * <p><b>Ownership:</b> whoever holds a row releases it, once.
 */
interface Row {
    DataType type();

    /** Without the dimension that counts rows. */
    Shape shape();

    /** Writes as many bytes as type and shape say at the position of {@code target}, which is little-endian. */
    void writeTo(ByteBuffer target);

    /** Its bytes, still the row's own, if they lie ready somewhere; empty if only {@link #writeTo} makes them. */
    default Optional<DataBuffer> ready() {
        return Optional.empty();
    }

    /** Gives back the memory it holds, if any. */
    default void release() {}
}
