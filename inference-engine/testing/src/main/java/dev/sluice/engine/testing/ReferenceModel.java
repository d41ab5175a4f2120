// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model file and what it has to answer: one {@code FP32} input and one {@code FP32} output, each {@code [rows, ...]}.
 *
 * @param inputRow shape of one row of the input
 * @param outputRow shape of one row of the output
 * @param rows at least two
 */
public record ReferenceModel(Path file, Shape inputRow, Shape outputRow, List<Row> rows) {
    /** One row in, and what comes out of it according to the framework that trained the model. */
    public record Row(List<Float> input, List<Float> output) {}

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
        values.forEach(value -> floats.add(value.floatValue()));
        return List.copyOf(floats);
    }
}
