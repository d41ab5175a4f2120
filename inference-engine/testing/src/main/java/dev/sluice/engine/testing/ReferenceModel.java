// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model file and what it has to answer: one input and one output, each {@code [rows, ...]}.
 *
 * @param type of input and output: {@code FP32}, or {@code FP64} with numbers that {@code FP32} holds as well
 * @param inputRow shape of one row of the input
 * @param outputRow shape of one row of the output
 * @param rows at least two
 */
public record ReferenceModel(Path file, DataType type, Shape inputRow, Shape outputRow, List<Row> rows) {
    /** One row in, and what comes out of it according to the framework that trained the model. */
    public record Row(List<Float> input, List<Float> output) {}

    /** A model of {@code FP32} numbers. */
    public ReferenceModel(Path file, Shape inputRow, Shape outputRow, List<Row> rows) {
        this(file, DataType.FP32, inputRow, outputRow, rows);
    }

    /**
     * The model {@code file} of a folder whose {@code reference.json} lists per file rows of features, null where one is missing, and the
     * one number that the model answers to each.
     */
    public static ReferenceModel tabular(Path folder, String file, DataType type) {
        try {
            JsonNode reference = new ObjectMapper()
                    .readTree(folder.resolve("reference.json").toFile())
                    .get(file);
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < reference.get("input").size(); i++) {
                List<Float> output = List.of(reference.get("output").get(i).floatValue());
                rows.add(new Row(floats(reference.get("input").get(i)), output));
            }
            Shape row = Shape.of(rows.get(0).input().size());
            return new ReferenceModel(folder.resolve(file), type, row, Shape.of(), rows);
        } catch (IOException e) {
            throw new AssertionError("no reference values for " + file, e);
        }
    }

    /** The model of handwritten digits in {@code file} of {@code models/digits}, with the values its training recorded. */
    public static ReferenceModel digits(Path models, String file) {
        Path folder = models.resolve("digits");
        try {
            JsonNode digits = new ObjectMapper()
                    .readTree(folder.resolve("reference.json").toFile())
                    .get("digits");
            List<Row> rows = new ArrayList<>();
            digits.forEach(digit -> rows.add(new Row(floats(digit.get("input")), floats(digit.get("logits")))));
            return new ReferenceModel(folder.resolve(file), Shape.of(1, 8, 8), Shape.of(10), rows);
        } catch (IOException e) {
            throw new AssertionError("no reference values for " + file, e);
        }
    }

    private static List<Float> floats(JsonNode values) {
        List<Float> floats = new ArrayList<>();
        values.forEach(value -> floats.add(value.isNull() ? Float.NaN : value.floatValue()));
        return List.copyOf(floats);
    }
}
