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
import java.util.stream.Stream;

/**
 * A model file and what it has to answer: one input and one output, each {@code [rows, ...]}.
 *
 * @param type of input and output: {@code FP32}, or {@code FP64} with numbers that {@code FP32} holds as well
 * @param inputRow shape of one row of the input
 * @param outputRow shape of one row of the output
 * @param rows at least two
 * @param companions the other files of a model that is a folder, relative to that folder
 */
public record ReferenceModel(
        Path file, DataType type, Shape inputRow, Shape outputRow, List<Row> rows, List<Path> companions) {
    public ReferenceModel {
        rows = List.copyOf(rows);
        companions = List.copyOf(companions);
    }

    /** A model of {@code FP32} numbers in one file. */
    public ReferenceModel(Path file, Shape inputRow, Shape outputRow, List<Row> rows) {
        this(file, DataType.FP32, inputRow, outputRow, rows, List.of());
    }

    /** One row in, and what comes out of it according to the framework that trained the model. */
    public record Row(List<Float> input, List<Float> output) {}

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
            return new ReferenceModel(folder.resolve(file), type, row, Shape.of(), rows, List.of());
        } catch (IOException e) {
            throw new AssertionError("no reference values for " + file, e);
        }
    }

    /**
     * The model of handwritten digits in {@code file} of {@code models/digits}, with the values its training recorded.
     *
     * @param companions the other files of a model that is a folder, relative to that folder
     */
    public static ReferenceModel digits(Path models, String file, String... companions) {
        Path folder = models.resolve("digits");
        try {
            JsonNode digits = new ObjectMapper()
                    .readTree(folder.resolve("reference.json").toFile())
                    .get("digits");
            List<Row> rows = new ArrayList<>();
            digits.forEach(digit -> rows.add(new Row(floats(digit.get("input")), floats(digit.get("logits")))));
            return new ReferenceModel(
                    folder.resolve(file),
                    DataType.FP32,
                    Shape.of(1, 8, 8),
                    Shape.of(10),
                    rows,
                    Stream.of(companions).map(Path::of).toList());
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
