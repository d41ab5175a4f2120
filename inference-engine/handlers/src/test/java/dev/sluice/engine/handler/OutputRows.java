// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes rows of outputs for tests. */
final class OutputRows {
    private OutputRows() {}

    static OutputRow of(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return OutputRow.of(
                FakeTensorModel.tensor("y", DataType.FP32, Shape.of(1, values.length), bytes.array()), 0, 1);
    }
}
