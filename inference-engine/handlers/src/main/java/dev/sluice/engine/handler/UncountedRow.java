// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Optional;

/** One row for a model whose input has no dimension that counts rows: the row's own outermost dimension counts. */
record UncountedRow(Rows row) implements Rows {
    @Override
    public DataType type() {
        return row.type();
    }

    @Override
    public Shape shape() {
        return row.shape().row();
    }

    @Override
    public int count() {
        return Math.toIntExact(row.shape().dimension(0));
    }

    @Override
    public long size() {
        return row.size();
    }

    @Override
    public void writeTo(ByteBuffer target) {
        row.writeTo(target);
    }

    @Override
    public Optional<DataBuffer> ready() {
        return row.ready();
    }

    @Override
    public void release() {
        row.release();
    }
}
