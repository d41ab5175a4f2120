// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.handler.image.PixelLayout;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;

/**
 * An image kept as bytes until there is direct memory to write it into.
 *
 * @param hasRows whether the model's input counts images in its outermost dimension; of one that takes a single image without
 *     that, the image's own outermost dimension counts
 */
record PixelRow(PixelLayout layout, Pixels image, boolean hasRows) implements Rows {
    private Shape whole() {
        return layout.row(image.width(), image.height());
    }

    @Override
    public DataType type() {
        return layout.type();
    }

    @Override
    public Shape shape() {
        return hasRows ? whole() : whole().row();
    }

    @Override
    public int count() {
        return hasRows ? 1 : Math.toIntExact(whole().dimension(0));
    }

    @Override
    public void writeTo(ByteBuffer target) {
        layout.write(image, target);
    }
}
