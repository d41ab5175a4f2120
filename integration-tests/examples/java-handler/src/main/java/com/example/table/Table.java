// SPDX-License-Identifier: Apache-2.0
package com.example.table;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.StringJoiner;

/** Rows of numbers as text and as a tensor. */
final class Table {
    private Table() {}

    /**
     * What a table is to look like.
     *
     * @param input whose tensor it becomes
     * @param hasHeader whether its first line has names
     */
    record Format(TensorSpec input, boolean hasHeader) {}

    /**
     * The numbers in {@code text} as a tensor, which becomes the caller's.
     *
     * @throws ServingException {@code INVALID_INPUT} naming the line
     */
    static Tensor parse(String text, Format format, BufferAllocator allocator) {
        List<String> lines = text.lines().skip(format.hasHeader() ? 1 : 0).toList();
        if (lines.isEmpty()) {
            throw invalid("table: 0 rows (expected: 1 or more)");
        }
        int columns = lines.get(0).split(",", -1).length;
        Shape shape = Shape.of(lines.size(), columns);
        if (!format.input().shape().accepts(shape)) {
            throw invalid("table: " + shape + " (expected: " + format.input().shape() + ")");
        }
        DataBuffer memory = allocator.allocate((long) lines.size() * columns * Float.BYTES);
        try {
            FloatBuffer numbers = memory.view().asFloatBuffer();
            for (int line = 0; line < lines.size(); line++) {
                put(lines.get(line), line + 1, columns, numbers);
            }
            return new Tensor(format.input().name(), DataType.FP32, shape, memory);
        } catch (RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }

    private static void put(String line, int number, int columns, FloatBuffer numbers) {
        String[] fields = line.split(",", -1);
        if (fields.length != columns) {
            throw invalid("row " + number + ": " + fields.length + " columns (expected: " + columns + ")");
        }
        for (String field : fields) {
            try {
                numbers.put(Float.parseFloat(field.strip()));
            } catch (NumberFormatException e) {
                throw invalid("row " + number + ": '" + field.strip() + "' (expected: a number)");
            }
        }
    }

    /** What a tensor of FP32 numbers holds, row by row: {@code [[1.0, 2.0], [3.0, 4.0]]}. */
    static String rows(Tensor tensor) {
        if (tensor.type() != DataType.FP32 || tensor.shape().rank() != 2) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "output " + tensor.name() + ": " + tensor.type() + " " + tensor.shape()
                            + " (expected: FP32 [rows, columns])");
        }
        FloatBuffer numbers = tensor.data().view().asFloatBuffer();
        StringJoiner rows = new StringJoiner(", ", "[", "]");
        for (long row = 0; row < tensor.shape().dimension(0); row++) {
            StringJoiner fields = new StringJoiner(", ", "[", "]");
            for (long column = 0; column < tensor.shape().dimension(1); column++) {
                float number = numbers.get();
                // JSON has no word for these.
                fields.add(Float.isFinite(number) ? Float.toString(number) : "null");
            }
            rows.add(fields.toString());
        }
        return rows.toString();
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
