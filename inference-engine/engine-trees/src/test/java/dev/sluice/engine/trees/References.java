// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Every committed model with its rows and what the library that trained it answers, in double precision. */
// Nobody compares or prints it.
@SuppressWarnings("ArrayRecordComponent")
record References(String file, List<String> features, double[][] input, double[][] output) {
    static Stream<References> all() {
        try {
            JsonNode all = new ObjectMapper()
                    .readTree(TestSettings.models().resolve("reference.json").toFile());
            List<References> references = new ArrayList<>();
            all.properties().forEach(entry -> references.add(of(entry.getKey(), entry.getValue())));
            return references.stream();
        } catch (IOException e) {
            throw new AssertionError("no reference values", e);
        }
    }

    static References of(String file) {
        return all().filter(reference -> reference.file.equals(file))
                .findFirst()
                .orElseThrow();
    }

    private static References of(String file, JsonNode entry) {
        List<String> names = new ArrayList<>();
        entry.get("features").forEach(name -> names.add(name.textValue()));
        return new References(file, names, rows(entry.get("input")), rows(entry.get("output")));
    }

    private static double[][] rows(JsonNode rows) {
        double[][] values = new double[rows.size()][];
        for (int i = 0; i < values.length; i++) {
            JsonNode row = rows.get(i);
            values[i] = new double[row.isArray() ? row.size() : 1];
            for (int j = 0; j < values[i].length; j++) {
                JsonNode value = row.isArray() ? row.get(j) : row;
                values[i][j] = value.isNull() ? Double.NaN : value.doubleValue();
            }
        }
        return values;
    }

    boolean isXgboost() {
        return file.startsWith("xgboost/");
    }

    int width() {
        return output[0].length;
    }

    @Override
    public String toString() {
        return file;
    }
}
