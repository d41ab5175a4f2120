// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;

/** A row computed here, kept until there is direct memory to write it into. */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
record ComputedRow(Shape shape, float[] values) implements Rows {
    @Override
    public DataType type() {
        return DataType.FP32;
    }

    @Override
    public void writeTo(ByteBuffer target) {
        target.asFloatBuffer().put(values);
        target.position(target.position() + values.length * Float.BYTES);
    }
}
