// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code text_classifier} with a vocabulary of words, as TorchServe's own is called. */
class BagModelTest {
    private final List<List<Long>> seen = new ArrayList<>();

    @TempDir
    Path folder;

    @BeforeEach
    void writeVocabulary() throws IOException {
        Files.writeString(folder.resolve("source_vocab.txt"), "<unk>\nbad\ngood\nday\ngood day\nis not\n");
        Files.writeString(folder.resolve("index_to_name.json"), "{\"0\": \"no\", \"1\": \"yes\"}");
    }

    @Test
    void looksUpWordsAndPairs() {
        try (Harness harness = attach(Signature.UNDECLARED, Map.of())) {
            assertThat(harness.texts(text("A <b>GOOD</b> day!"), text("good"), text("?!"), text("bad")))
                    .containsExactly(
                            "{\n  \"no\": 0.5,\n  \"yes\": 0.5\n}",
                            "{\n  \"no\": 0.5,\n  \"yes\": 0.5\n}",
                            "INVALID_INPUT text: no words (expected: one or more)",
                            "{\n  \"no\": 0.5,\n  \"yes\": 0.5\n}");
            assertThat(seen)
                    .containsExactly(
                            List.of(0L, 2L, 3L, 0L, 4L),
                            List.of(0L),
                            List.of(2L),
                            List.of(0L),
                            List.of(1L),
                            List.of(0L));
            assertThat(harness.text(Harness.request(Harness.json("body", "[\"good\", \"day\"]"))))
                    .startsWith("[\n  {\n    \"no\": 0.5");
            assertThat(harness.allocated)
                    .allSatisfy(buffer -> assertThat(buffer.references()).isZero());
        }
    }

    @Test
    void looksUpAsManyNeighboursAsSet() {
        try (Harness harness = attach(Signature.UNDECLARED, Map.of("ngrams", 1))) {
            harness.warmUp();
            harness.run(text("good day"));

            assertThat(seen).containsExactly(List.of(0L), List.of(0L), List.of(2L, 3L), List.of(0L));
        }
    }

    @Test
    void givesDeclaredInputsTheirNamesAndTypes() {
        Signature declared = new Signature(
                List.of(
                        new TensorSpec("words", DataType.INT32, Shape.of(-1)),
                        new TensorSpec("begin", DataType.INT64, Shape.of(-1))),
                List.of());
        try (Harness harness = attach(declared, Map.of())) {
            harness.run(text("good day"));

            assertThat(seen).containsExactly(List.of(2L, 3L, 4L), List.of(0L));
        }
        assertThatThrownBy(() -> attach(FakeTensorModel.input(DataType.FP32, -1, 4), Map.of()))
                .hasMessageStartingWith(
                        "text_classifier: the model's input 'x' is FP32 [-1, 4] (expected: text and offsets");
    }

    private Harness attach(Signature signature, Map<String, Object> options) {
        FunctionModel model = new FunctionModel(signature, inputs -> {
            inputs.forEach(input -> seen.add(numbers(input)));
            return List.of(FakeTensorModel.tensor("y", DataType.FP32, Shape.of(1, 2), new byte[8]));
        });
        return new Harness(
                new TextClassifierProvider(),
                model,
                Harness.spec(folder, 4, Map.of("handler", Map.of("textClassifier", options))));
    }

    private static List<Long> numbers(Tensor tensor) {
        List<Long> numbers = new ArrayList<>();
        for (int i = 0; i < tensor.shape().elementCount(); i++) {
            numbers.add(
                    tensor.type() == DataType.INT64
                            ? tensor.data().view().getLong(i * 8)
                            : tensor.data().view().getInt(i * 4));
        }
        return numbers;
    }

    private static InferenceRequest text(String text) {
        return Harness.request(Harness.content("data", "", text.getBytes(StandardCharsets.UTF_8)));
    }
}
