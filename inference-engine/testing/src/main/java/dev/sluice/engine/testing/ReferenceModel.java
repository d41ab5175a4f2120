// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model file and what it has to answer: one {@code FP32} input and one {@code FP32} output, each {@code [rows, ...]}.
 *
 * @param inputRow shape of one row of the input
 * @param outputRow shape of one row of the output
 * @param rows at least two
 * @param companions the other files of a model that is a folder, relative to that folder
 */
public record ReferenceModel(Path file, Shape inputRow, Shape outputRow, List<Row> rows, List<Path> companions) {
    public ReferenceModel {
        rows = List.copyOf(rows);
        companions = List.copyOf(companions);
    }

    /** A model in one file. */
    public ReferenceModel(Path file, Shape inputRow, Shape outputRow, List<Row> rows) {
        this(file, inputRow, outputRow, rows, List.of());
    }

    /** One row in, and what comes out of it according to the framework that trained the model. */
    public record Row(List<Float> input, List<Float> output) {}

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
        values.forEach(value -> floats.add(value.floatValue()));
        return List.copyOf(floats);
    }
}
