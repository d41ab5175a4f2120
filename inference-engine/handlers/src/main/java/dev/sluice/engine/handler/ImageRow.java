// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;

/** An image brought to size, kept as bytes until there is direct memory to normalise it into. */
record ImageRow(ImagePipeline pipeline, Pixels fitted) implements Rows {
    @Override
    public DataType type() {
        return DataType.FP32;
    }

    @Override
    public Shape shape() {
        return Shape.of(pipeline.channels(), pipeline.height(), pipeline.width());
    }

    @Override
    public void writeTo(ByteBuffer target) {
        pipeline.write(fitted, target);
    }
}
