// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What requests must have in common to run in one batch: the names, types and shapes of one row of their tensors. Content is
 * alike to all content, since only its handler can look into it; parameters and wanted outputs do not count, since handlers get
 * them request by request.
 */
final class ShapeKey {
    static final ShapeKey CONTENT = new ShapeKey(List.of());

    private final List<Column> columns;
    private final int hash;

    private ShapeKey(List<Column> columns) {
        this.columns = columns;
        this.hash = columns.hashCode();
    }

    /** One tensor without its rows. */
    private record Column(String name, DataType type, Shape row) {}

    static ShapeKey of(InferenceRequest request) {
        List<Column> columns = List.of();
        for (Input input : request.inputs()) {
            if (input instanceof Input.OfTensor named) {
                if (columns.isEmpty()) {
                    columns = new ArrayList<>(request.inputs().size());
                }
                Tensor tensor = named.tensor();
                columns.add(new Column(tensor.name(), tensor.type(), row(tensor.shape())));
            }
        }
        return columns.isEmpty() ? CONTENT : new ShapeKey(columns);
    }

    /** Rows of {@code request}: the largest outermost dimension of its tensors; 1 without any. */
    static int rowsOf(InferenceRequest request) {
        long rows = 1;
        for (Input input : request.inputs()) {
            if (input instanceof Input.OfTensor named && named.tensor().shape().rank() > 0) {
                rows = Math.max(rows, named.tensor().shape().dimension(0));
            }
        }
        return (int) Math.min(rows, Integer.MAX_VALUE);
    }

    static long bytesOf(InferenceRequest request) {
        long bytes = 0;
        for (Input input : request.inputs()) {
            bytes += input instanceof Input.OfTensor named
                    ? named.tensor().data().size()
                    : ((Input.OfContent) input).content().size();
        }
        return bytes;
    }

    private static Shape row(Shape shape) {
        return shape.rank() == 0 ? shape : shape.row();
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof ShapeKey key && hash == key.hash && columns.equals(key.columns));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return columns.toString();
    }
}
