// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map from class to probability per row, which scikit-learn's converter makes of a table when it is not told otherwise, as that
 * table again: {@code [rows, classes]}, the columns in the order of the classes, numbers by size and names by character. That
 * is the order of the runtime's own map and of scikit-learn's {@code classes_}; Java's map has lost it.
 */
final class MapOutput implements OutputBinding {
    private static final Comparator<Object> BY_CLASS = (left, right) -> left instanceof Long number
            ? number.compareTo((Long) right)
            : Arrays.compare(
                    ((String) left).codePoints().toArray(),
                    ((String) right).codePoints().toArray());

    private final BufferAllocator allocator;
    private final String name;

    MapOutput(BufferAllocator allocator, String name) {
        this.allocator = allocator;
        this.name = name;
    }

    @Override
    public @Nullable OnnxTensor pin(List<Tensor> inputs) {
        return null;
    }

    @Override
    public void unpin() {}

    @Override
    public Tensor take(OnnxValue value) throws OrtException {
        if (!(value instanceof OnnxSequence sequence)) {
            throw failure("no sequence (expected: a sequence of maps)");
        }
        List<Map<?, ?>> rows = rows(sequence);
        List<Object> classes = rows.isEmpty()
                ? List.of()
                : rows.get(0).keySet().stream()
                        .sorted(BY_CLASS)
                        .<Object>map(key -> key)
                        .toList();
        Shape shape = Shape.of(rows.size(), classes.size());
        Tensor table = new Tensor(
                name, DataType.FP32, shape, allocator.allocate(shape.elementCount() * DataType.FP32.elementBytes()));
        try {
            fill(NativeOutput.of(table), rows, classes);
            return table;
        } catch (RuntimeException | Error e) {
            table.release();
            throw e;
        }
    }

    private static List<Map<?, ?>> rows(OnnxSequence sequence) throws OrtException {
        List<? extends OnnxValue> maps = sequence.getValue();
        List<Map<?, ?>> rows = new ArrayList<>(maps.size());
        try {
            for (OnnxValue map : maps) {
                rows.add(((OnnxMap) map).getValue());
            }
        } finally {
            maps.forEach(OnnxValue::close);
        }
        return rows;
    }

    private void fill(ByteBuffer target, List<Map<?, ?>> rows, List<Object> classes) {
        for (Map<?, ?> row : rows) {
            if (row.size() != classes.size()) {
                throw failure(
                        "a row of " + row.size() + " classes (expected: " + classes.size() + ", as in the first)");
            }
            for (Object one : classes) {
                if (!(row.get(one) instanceof Float probability)) {
                    throw failure("a row without class " + one + " (expected: the classes of the first)");
                }
                target.putFloat(probability);
            }
        }
    }

    private ServingException failure(String what) {
        return new ServingException(ErrorCode.ENGINE_FAILED, "output '" + name + "': " + what);
    }

    @Override
    public void close() {}
}
