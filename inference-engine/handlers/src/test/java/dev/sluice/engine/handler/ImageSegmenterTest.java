// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Outcome;
import dev.sluice.engine.handler.image.ImageDecoder;
import dev.sluice.engine.handler.image.ImageEncoder;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageSegmenterTest {
    private static final ImageSegmenterProvider PROVIDER = new ImageSegmenterProvider();
    private static final byte[] PNG = ImageEncoder.PNG.encode(new Pixels(1, 1, 1, new byte[1]));
    private static final float[] SCORES = {1.5f, -2, 0, 0.5f, 3, 0, 1, 2.5f, 0};

    // Seen to fail when classes are written as integers, and when softmax is left out.
    @Test
    void answersAsTheOriginalDoes() {
        try (Harness harness = attach(scoring(3, 1, 3, SCORES), Map.of())) {
            // Probabilities: torch.softmax in single precision, as tolist() prints them.
            assertThat(harness.text(request())).isEqualTo("""
                            [
                              [
                                [
                                  0.0,
                                  0.5064803957939148
                                ],
                                [
                                  1.0,
                                  0.6198595762252808
                                ],
                                [
                                  0.0,
                                  0.3333333432674408
                                ]
                              ]
                            ]""");
        }
    }

    @Test
    void preprocessesAsTheClassifierDoes() {
        FakeTensorModel model = scoring(3, 1, 3, SCORES);
        Harness harness = new Harness(PROVIDER, model, Harness.spec(Map.of()));
        try (harness) {
            harness.run(request());
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 224, 224));
        }
    }

    @Test
    void takesTheOutputNamedOut() {
        FakeTensorModel model = new FakeTensorModel(
                Signature.UNDECLARED,
                input -> List.of(
                        Tensors.floats("aux", Tensors.shape(1, 2, 1, 1), 9, 0),
                        Tensors.floats("out", Tensors.shape(1, 2, 1, 1), 0, 0)));
        try (Harness harness = attach(model, Map.of())) {
            assertThat(harness.text(request())).contains("0.0,\n      0.5\n");
        }
    }

    @Test
    void answersWithAMask() {
        try (Harness harness = attach(scoring(3, 1, 3, SCORES), Map.of("output", "mask"))) {
            Outcome.Success success =
                    (Outcome.Success) harness.execute(request()).get(0);
            Output.OfContent answer =
                    (Output.OfContent) success.response().outputs().get(0);
            assertThat(answer.contentType()).isEqualTo("image/png");
            try (ImageDecoder decoder = new ImageDecoder(100)) {
                Pixels mask = decoder.decode(answer.content().toByteArray(), 1);
                assertThat(mask.width()).isEqualTo(3);
                assertThat(mask.samples()).containsExactly(0, 1, 0);
            }
            answer.release();
        }
    }

    @Test
    void writesNoNumberAsPythonDoes() {
        try (Harness harness = attach(scoring(2, 1, 1, 0, Float.NaN), Map.of())) {
            assertThat(harness.text(request())).contains("1.0,\n      NaN\n");
        }
        try (Harness harness = attach(scoring(2, 1, 1, Float.POSITIVE_INFINITY, 0), Map.of())) {
            assertThat(harness.text(request())).contains("0.0,\n      NaN\n");
        }
    }

    @Test
    void answersEachRequestOfABatch() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, input -> {
            int rows = (int) input.shape().dimension(0);
            float[] scores = new float[2 * rows];
            for (int row = 0; row < rows; row++) {
                scores[2 * row + row % 2] = 100;
            }
            return List.of(Tensors.floats("out", Tensors.shape(rows, 2, 1, 1), scores));
        });
        try (Harness harness = attach(model, Map.of())) {
            List<String> answers = harness.texts(request(), request());

            assertThat(answers.get(0)).contains("0.0,\n      1.0");
            assertThat(answers.get(1)).contains("1.0,\n      1.0");
        }
    }

    @Test
    void refusesWhatItCannotAnswerWith() {
        assertBroken(
                scoring(2, 2, 2, new float[8]),
                Map.of("maxPixels", 3),
                "image_segmenter: a row of the model's"
                        + " output has 4 pixels (expected: at most 3, as handler.imageSegmenter.maxPixels says;");
        assertBroken(
                scoring(257, 1, 1, new float[257]),
                Map.of("output", "mask"),
                "image_segmenter: the model has 257 classes (expected: at most 256, which a grey PNG can hold)");
        assertBroken(scoring(0, 1, 1), Map.of(), "image_segmenter: a row of the model's output is FP32 [0, 1, 1]");
        Tensor integers = Tensors.longs("out", Tensors.shape(1, 1, 1, 1), 0);
        assertBroken(
                new FakeTensorModel(Signature.UNDECLARED, input -> List.of(integers)),
                Map.of(),
                "image_segmenter: a row of the model's output is INT64 [1, 1, 1]"
                        + " (expected: floating-point numbers [classes, height, width])");
    }

    @Test
    void refusesModelsAndOptionsAtLoad() {
        assertThatThrownBy(() -> attach(
                        new FakeTensorModel(FakeTensorModel.input(DataType.FP32, -1, 3, 9, 9), FakeTensorModel::copy),
                        Map.of()))
                .hasMessage("image_segmenter: the model's input 'x' is FP32 [-1, 3, 9, 9]"
                        + " (expected: FP32 [-1, 1, 2, 2], as handler.imageSegmenter is set)");
        assertThatThrownBy(() -> attach(scoring(0, 0, 0), Map.of("topK", 1)))
                .hasMessageStartingWith("handler.imageSegmenter.topK: unknown key");
        assertThatThrownBy(() -> attach(scoring(0, 0, 0), Map.of("output", "png")))
                .hasMessage("handler.imageSegmenter.output: png (expected: pixels or mask)");
    }

    private static void assertBroken(FakeTensorModel model, Map<String, Object> options, String message) {
        try (Harness harness = attach(model, options)) {
            assertThatThrownBy(() -> harness.execute(request()))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                    .hasMessageStartingWith(message);
        }
    }

    private static FakeTensorModel scoring(int classes, int height, int width, float... scores) {
        return new FakeTensorModel(
                Signature.UNDECLARED,
                input -> List.of(Tensors.floats("y", Tensors.shape(1, classes, height, width), scores)));
    }

    private static Harness attach(FakeTensorModel model, Map<String, Object> options) {
        Map<String, Object> all = new LinkedHashMap<>(Map.of(
                "width", 2, "height", 2, "channels", 1, "resize", "stretch", "mean", List.of(0), "std", List.of(1)));
        all.putAll(options);
        return new Harness(PROVIDER, model, Harness.spec(Map.of("handler", Map.of("imageSegmenter", all))));
    }

    private static InferenceRequest request() {
        return Harness.request(Harness.content("body", "", PNG));
    }
}
