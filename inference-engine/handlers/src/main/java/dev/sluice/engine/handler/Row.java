// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;

/** One request's share of a model's input: a tensor without its outermost dimension, not yet in direct memory. */
interface Row {
    DataType type();

    /** Without the dimension that counts rows. */
    Shape shape();

    /** Writes as many bytes as type and shape say at the position of {@code target}, which is little-endian. */
    void writeTo(ByteBuffer target);
}
