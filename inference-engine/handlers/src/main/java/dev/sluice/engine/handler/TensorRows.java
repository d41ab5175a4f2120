// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Rows whose bytes lie ready: alone in a run, they are read by the engine where they are.
 *
 * <p><b>Ownership:</b> owns one count of {@code data}.
 *
 * @param shape of one row
 */
record TensorRows(DataType type, Shape shape, int count, DataBuffer data) implements Rows {
    /** One row. */
    TensorRows(DataType type, Shape shape, DataBuffer data) {
        this(type, shape, 1, data);
    }

    /** All rows of {@code tensor}, which has an outermost dimension and stays the caller's. */
    static TensorRows of(Tensor tensor) {
        return new TensorRows(
                tensor.type(),
                tensor.shape().row(),
                Math.toIntExact(tensor.shape().dimension(0)),
                tensor.data().retain());
    }

    @Override
    public long size() {
        return data.size();
    }

    @Override
    public void writeTo(ByteBuffer target) {
        target.put(data.view());
    }

    @Override
    public Optional<DataBuffer> ready() {
        return Optional.of(data);
    }

    @Override
    public void release() {
        data.release();
    }
}
