// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.HandlerProvider;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageClassifierTest {
    private static final ImageClassifierProvider PROVIDER = new ImageClassifierProvider();
    private static final byte[] PNG = file("grey8.png");
    private static final Map<String, Object> SMALL = options(
            Map.of("width", 4, "height", 2, "channels", 1, "resize", "stretch", "mean", List.of(0), "std", List.of(1)));
    private static final String HALVES = "{\n  \"0\": 0.5,\n  \"1\": 0.5\n}";
    private static final String REFUSED =
            "INVALID_INPUT image: the body is not an image this server can decode: 5 bytes"
                    + " (expected: PNG, JPEG, GIF or BMP, as bytes or Base64 text)";

    @TempDir
    Path folder;

    @Test
    void answersTheFiveMostProbableClassesFromTheHighestDown() throws IOException {
        Files.writeString(folder.resolve("index_to_name.json"), "{\"1\": \"caf\u00e9\", \"5\": [\"n1\", \"tabby\"]}");
        FakeTensorModel model = FakeTensorModel.scoring(0, 3, 1, 2, -1, 4, -2);
        try (Harness harness = new Harness(PROVIDER, model, Harness.spec(folder, 1, Map.of()))) {
            // Probabilities: torch.softmax in single precision, as tolist() prints them.
            assertThat(harness.text(request("body", "", PNG))).isEqualTo("""
                            {
                              "tabby": 0.6326975226402283,
                              "caf\\u00e9": 0.23275642096996307,
                              "3": 0.08562629669904709,
                              "2": 0.03150015324354172,
                              "0": 0.011588259600102901
                            }""");
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 224, 224));
            assertThat(model.inputTypes).containsExactly(DataType.FP32);
        }
    }

    @Test
    void answersWithAllClassesOfASmallModel() {
        try (Harness harness = attach(FakeTensorModel.scoring(1, 1))) {
            assertThat(harness.text(request("body", "", PNG))).isEqualTo(HALVES);
        }
    }

    @Test
    void setsNoContentType() {
        try (Harness harness = attach(FakeTensorModel.scoring(1, 1))) {
            assertThat(harness.execute(request("body", "image/png", PNG)).get(0).toString())
                    .contains("contentType=,");
        }
    }

    @Test
    void looksForDataThenBodyThenTheOnlyInput() {
        List<float[]> rows = new ArrayList<>();
        try (Harness harness = attach(recording(rows))) {
            Input empty = Harness.content("data", "", new byte[0]);
            Input image = Harness.content("body", "", PNG);
            Input text = Harness.content("body", "", "other".getBytes(StandardCharsets.UTF_8));

            assertThat(harness.text(Harness.request(empty, image))).isEqualTo(HALVES);
            assertThat(harness.text(Harness.request(text, Harness.content("data", "", PNG))))
                    .isEqualTo(HALVES);
            assertThat(harness.text(request("file", "", PNG))).isEqualTo(HALVES);
            assertThat(harness.text(Harness.request(empty)))
                    .isEqualTo("INVALID_INPUT input 'data': 0 bytes (expected: 1 or more)");
            assertThat(harness.text(Harness.request(Harness.content("a", "", PNG), Harness.content("b", "", PNG))))
                    .isEqualTo("INVALID_INPUT inputs: [a, b]"
                            + " (expected: bytes named 'data' or 'body', or only one input)");
            assertThat(harness.text(Harness.request(tensorInput())))
                    .isEqualTo("INVALID_INPUT input 't': FP32 [1, 1] (expected: [1, channels, height, width])");
        }
        assertThat(rows).hasSize(3);
    }

    @Test
    void takesAnImageInEveryForm() {
        List<float[]> rows = new ArrayList<>();
        String base64 = Base64.getEncoder().encodeToString(PNG);
        String lines = Base64.getMimeEncoder().encodeToString(PNG);
        try (Harness harness = attach(recording(rows))) {
            assertThat(harness.texts(
                            request("body", "", PNG),
                            request("body", "image/anything", PNG),
                            request("body", "application/json", PNG),
                            request("body", "text/plain; charset=utf-8", base64.getBytes(StandardCharsets.UTF_8)),
                            request("body", "Text/Plain", lines.getBytes(StandardCharsets.UTF_8)),
                            Harness.request(Harness.json("body", " \"" + base64 + "\"\n"))))
                    .containsOnly(HALVES);
        }
        assertThat(rows).hasSize(6).allSatisfy(row -> assertThat(row).isEqualTo(rows.get(0)));
    }

    @Test
    void takesARowOfFloatsAsItIs() {
        List<float[]> rows = new ArrayList<>();
        try (Harness harness = attach(recording(rows))) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[[[1, 2, 3, 4], [5, 6, 7, 8.5]]]"))))
                    .isEqualTo(HALVES);
            assertThat(harness.text(Harness.request(Harness.json("body", "[[1, 2]]"))))
                    .isEqualTo("INVALID_INPUT input 'body': [1, 2] (expected: [channels, height, width])");
        }
        assertThat(rows).containsExactly(new float[] {1, 2, 3, 4, 5, 6, 7, 8.5f});
    }

    @Test
    void checksARowOfFloatsAgainstTheSignature() {
        FakeTensorModel model = new FakeTensorModel(
                FakeTensorModel.input(DataType.FP32, -1, 1, 2, 4), input -> FakeTensorModel.copy(input));
        try (Harness harness = attach(model)) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[[[1, 2]]]"))))
                    .isEqualTo("INVALID_INPUT input: [1, 1, 2] (expected: [1, 2, 4])");
        }
    }

    @Test
    void failsAloneAndRunsTheOthersTogether() {
        FakeTensorModel model = FakeTensorModel.scoring(1, 1);
        try (Harness harness = attach(model)) {
            assertThat(harness.texts(
                            request("body", "", PNG),
                            request("body", "", "hello".getBytes(StandardCharsets.UTF_8)),
                            request("body", "", PNG)))
                    .containsExactly(HALVES, REFUSED, HALVES);
            assertThat(model.inputShapes).containsExactly(Shape.of(2, 1, 2, 4));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"@@@@", "AAA=AAAA=", "aGVsbG8="})
    void refusesTextThatIsNoImage(String text) {
        try (Harness harness = attach(FakeTensorModel.scoring(1, 1))) {
            assertThat(harness.text(request("body", "text/plain", text.getBytes(StandardCharsets.UTF_8))))
                    .startsWith("INVALID_INPUT image: the body is not an image this server can decode");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "null", "5", "true", " ", "nonsense"})
    void refusesJsonThatIsNeitherImageNorNumbers(String json) {
        try (Harness harness = attach(FakeTensorModel.scoring(1, 1))) {
            assertThat(harness.text(Harness.request(Harness.json("body", json))))
                    .startsWith("INVALID_INPUT image: ");
        }
    }

    @Test
    void warmsUpWithABlackImageAtOneRowAndAtTheLargestBatch() {
        List<float[]> rows = new ArrayList<>();
        FakeTensorModel model = recording(rows);
        try (Harness harness = new Harness(PROVIDER, model, Harness.spec(folder, 3, SMALL))) {
            harness.warmUp();

            assertThat(model.inputShapes).containsExactly(Shape.of(1, 1, 2, 4), Shape.of(3, 1, 2, 4));
            assertThat(rows.get(0)).containsOnly(0);
            assertThat(model.outputs)
                    .allSatisfy(output -> assertThat(output.data().references()).isZero());
        }
    }

    @Test
    void acceptsModelsWhoseDeclaredInputFits() {
        for (Shape shape : List.of(Shape.of(-1, 1, 2, 4), Shape.of(1, 1, 2, 4), Shape.of(-1, -1, -1, -1))) {
            FakeTensorModel model =
                    new FakeTensorModel(FakeTensorModel.input(DataType.FP32, shape.toArray()), FakeTensorModel::copy);
            attach(model).close();
            assertThat(model.closed).isTrue();
        }
    }

    @Test
    void refusesModelsWhoseDeclaredInputDoesNotFit() {
        assertInvalid(
                FakeTensorModel.input(DataType.FP32, -1, 3, 224, 224),
                "image_classifier: the model's input 'x' is FP32 [-1, 3, 224, 224]"
                        + " (expected: FP32 [-1, 1, 2, 4], as handler.imageClassifier is set)");
        assertInvalid(
                FakeTensorModel.input(DataType.FP32, -1, 1, 8), "image_classifier: the model's input 'x' is FP32");
        assertInvalid(
                FakeTensorModel.input(DataType.UINT8, -1, 1, 2, 4), "image_classifier: the model's input 'x' is UINT8");
        assertInvalid(FakeTensorModel.input(DataType.FP32, 8, 1, 2, 4), "image_classifier: the model's input 'x' is");
    }

    @Test
    void saysWhatKindOfOutputItNeeds() {
        Tensor grid = FakeTensorModel.tensor("y", DataType.FP32, Shape.of(1, 2, 2), new byte[16]);
        try (Harness harness = attach(new FakeTensorModel(Signature.UNDECLARED, input -> List.of(grid)))) {
            assertThatThrownBy(() -> harness.execute(request("body", "", PNG)))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                    .hasMessage("image_classifier: a row of the model's output is FP32 [2, 2]"
                            + " (expected: one floating-point number per class)");
        }
    }

    @Test
    void isFoundByTheServiceLoader() {
        List<String> names = ServiceLoader.load(HandlerProvider.class).stream()
                .flatMap(provider -> provider.get().names().stream())
                .toList();

        assertThat(names).contains("image_classifier", "base_handler");
    }

    private static void assertInvalid(Signature signature, String message) {
        FakeTensorModel model = new FakeTensorModel(signature, FakeTensorModel::copy);
        assertThatThrownBy(() -> attach(model))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
        assertThat(model.closed).isFalse();
    }

    /** A model of two equal classes that keeps the rows it gets. */
    private static FakeTensorModel recording(List<float[]> rows) {
        return new FakeTensorModel(Signature.UNDECLARED, input -> {
            int count = (int) input.shape().dimension(0);
            int size = (int) input.shape().row().elementCount();
            for (int row = 0; row < count; row++) {
                float[] values = new float[size];
                input.data().view().asFloatBuffer().get(row * size, values);
                rows.add(values);
            }
            return List.of(FakeTensorModel.tensor("y", DataType.FP32, Shape.of(count, 2), new byte[count * 8]));
        });
    }

    private static Harness attach(FakeTensorModel model) {
        return new Harness(PROVIDER, model, Harness.spec(SMALL));
    }

    private static InferenceRequest request(String name, String type, byte[] bytes) {
        return Harness.request(Harness.content(name, type, bytes));
    }

    private static Input tensorInput() {
        return new Input.OfTensor(new Tensor("t", DataType.FP32, Shape.of(1, 1), DataBuffer.wrap(new byte[4])));
    }

    private static Map<String, Object> options(Map<String, Object> block) {
        return Map.of("handler", Map.of("imageClassifier", block));
    }

    private static byte[] file(String name) {
        try (InputStream in =
                Objects.requireNonNull(ImageClassifierTest.class.getResourceAsStream("/images/" + name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
