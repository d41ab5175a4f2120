// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClassLabelsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'0': 'cat', '1': 'dog'}                | dog",
                "{'1': ['n02123045', 'tabby']}           | tabby",
                "{'object_type_names': ['a', 'b']}       | b",
                "{'0': 'cat'}                            | 1",
                "{}                                      | 1",
            })
    void readsEveryForm(String json, String label) throws IOException {
        assertThat(labels(json).label(1)).isEqualTo(label);
    }

    @Test
    void callsClassesByNumberWithoutAFile() {
        assertThat(ClassLabels.load(new ModelFiles(folder, Optional.empty())).label(7))
                .isEqualTo("7");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "['a']                     | index_to_name.json: ARRAY (expected: an object of class numbers and names)",
                "{'0': 5}                  | index_to_name.json: 0: NUMBER (expected: a name, or a list that ends with one)",
                "{'0': []}                 | index_to_name.json: 0: ARRAY (expected: a name, or a list that ends with one)",
                "{'0': ['a', 1]}           | index_to_name.json: 0: NUMBER (expected: a name, or a list that ends with one)",
                "{'object_type_names':[1]} | index_to_name.json: object_type_names[0]: NUMBER (expected: a name, or a list that ends with one)",
                "{'0':                     | index_to_name.json: not JSON at line 1 (expected: an object)",
                "''                        | index_to_name.json: MISSING (expected: an object of class numbers and names)",
            })
    void refusesOtherForms(String json, String message) {
        assertThatThrownBy(() -> labels(json))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage(message);
    }

    private ClassLabels labels(String json) throws IOException {
        Files.writeString(folder.resolve("index_to_name.json"), json.replace('\'', '"'));
        return ClassLabels.load(new ModelFiles(folder, Optional.empty()));
    }
}
