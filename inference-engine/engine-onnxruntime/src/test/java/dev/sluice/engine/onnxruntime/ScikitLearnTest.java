// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Classifiers as scikit-learn's converter writes them by default, against what scikit-learn itself answers. */
class ScikitLearnTest extends EngineHarness {
    private static final Path MODELS = Path.of(System.getProperty("sluice.test.models"), "scikit-learn");

    @Override
    protected EngineProvider provider() {
        return new OnnxRuntimeProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void showsTheMapsAsATable() {
        try (TensorModel model = engine().load(spec(MODELS.resolve("fruit.onnx")), Device.CPU)) {
            assertThat(model.signature().inputs())
                    .containsExactly(
                            new TensorSpec("colour", DataType.BYTES, Shape.of(-1, 1)),
                            new TensorSpec("taste", DataType.BYTES, Shape.of(-1, 1)),
                            new TensorSpec("grams", DataType.FP32, Shape.of(-1, 1)));
            assertThat(model.signature().outputs())
                    .containsExactly(
                            new TensorSpec("output_label", DataType.BYTES, Shape.of(-1)),
                            new TensorSpec("output_probability", DataType.FP32, Shape.of(-1, -1)));
        }
    }

    /** Seen to fail when the columns are left in the order of Java's map. */
    @Test
    void answersWithNamesAndTheirProbabilities() throws IOException {
        JsonNode expected = reference("fruit");
        int rows = expected.get("label").size();
        List<String> labels = texts(expected.get("label"));
        try (TensorModel model = engine().load(spec(MODELS.resolve("fruit.onnx")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            List<Tensor> inputs = List.of(
                    texts("colour", texts(expected.get("colour"))),
                    texts("taste", texts(expected.get("taste"))),
                    TestTensors.floats(allocator(), "grams", Shape.of(rows, 1), floats(expected.get("grams"))));
            run(instance, inputs, outputs -> {
                assertThat(ByteElements.read(outputs.get(0)))
                        .extracting(text -> new String(text, StandardCharsets.UTF_8))
                        .isEqualTo(labels);
                assertTable(outputs.get(1), expected.get("probabilities"));
            });
        }
    }

    @Test
    void answersWithNumbersAndTheirProbabilities() throws IOException {
        JsonNode expected = reference("three");
        int rows = expected.get("label").size();
        List<Float> numbers = new ArrayList<>();
        expected.get("x").forEach(row -> row.forEach(number -> numbers.add(number.floatValue())));
        float[] x = new float[numbers.size()];
        for (int i = 0; i < x.length; i++) {
            x[i] = numbers.get(i);
        }
        try (TensorModel model = engine().load(spec(MODELS.resolve("three.onnx")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            run(instance, List.of(TestTensors.floats(allocator(), "x", Shape.of(rows, 4), x)), outputs -> {
                long[] labels = TestTensors.longs(outputs.get(0));
                for (int i = 0; i < rows; i++) {
                    assertThat(labels[i]).isEqualTo(expected.get("label").get(i).asLong());
                }
                assertTable(outputs.get(1), expected.get("probabilities"));
            });
        }
    }

    @Test
    void takesNoRows() {
        try (TensorModel model = engine().load(spec(MODELS.resolve("three.onnx")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            Tensor none = TestTensors.zeros(allocator(), "x", DataType.FP32, Shape.of(0, 4));
            try {
                List<Tensor> outputs = instance.run(List.of(none));
                assertThat(outputs.get(1).shape()).isEqualTo(Shape.of(0, 0));
                outputs.forEach(Tensor::release);
            } catch (ServingException e) {
                // Some of the operators refuse it themselves.
                assertFitForClients(e);
            } finally {
                none.release();
            }
        }
    }

    @Test
    void namesTheColumnThatDoesNotFit() {
        try (TensorModel model = engine().load(spec(MODELS.resolve("fruit.onnx")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            ServingException failure = failureOfRunning(
                    instance,
                    List.of(
                            texts("colour", List.of("red")),
                            TestTensors.zeros(allocator(), "taste", DataType.FP32, Shape.of(1, 1)),
                            TestTensors.zeros(allocator(), "grams", DataType.FP32, Shape.of(1, 1))));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).isEqualTo("input 'taste': FP32 [1, 1] (expected: BYTES [-1, 1])");
        }
    }

    private static JsonNode reference(String model) throws IOException {
        return new ObjectMapper()
                .readTree(MODELS.resolve("reference.json").toFile())
                .get(model);
    }

    private Tensor texts(String name, List<String> values) {
        return ByteElements.write(
                name,
                Shape.of(values.size(), 1),
                values.stream()
                        .map(text -> text.getBytes(StandardCharsets.UTF_8))
                        .toList(),
                allocator());
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static float[] floats(JsonNode array) {
        float[] floats = new float[array.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = array.get(i).floatValue();
        }
        return floats;
    }

    private static void assertTable(Tensor table, JsonNode expected) {
        int classes = expected.get(0).size();
        assertThat(table.shape()).isEqualTo(Shape.of(expected.size(), classes));
        float[] actual = TestTensors.floats(table);
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i])
                    .as("element %d", i)
                    .isCloseTo(expected.get(i / classes).get(i % classes).asDouble(), offset(1e-5));
        }
    }
}
