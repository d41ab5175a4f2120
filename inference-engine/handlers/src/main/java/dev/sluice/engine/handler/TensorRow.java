// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A row whose bytes lie ready: alone in a run, it is read by the engine where it is.
 *
 * <p><b>Ownership:</b> owns one count of {@code data}.
 */
record TensorRow(DataType type, Shape shape, DataBuffer data) implements Row {
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
