// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.handler.image.ImageEncoder;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectDetectorTest {
    private static final ObjectDetectorProvider PROVIDER = new ObjectDetectorProvider();
    private static final byte[] PNG = png(4, 2);
    private static final String CAT = """
            [
              {
                "2": [
                  1.5,
                  0.0,
                  3.0,
                  2.0
                ],
                "score": 0.75
              }
            ]""";

    @TempDir
    Path folder;

    // Seen to fail when the threshold is above what it lets through.
    @Test
    void answersAsTheOriginalDoes() throws IOException {
        Files.writeString(
                folder.resolve("index_to_name.json"), "{\"object_type_names\": [\"none\", \"person\", \"cat\"]}");
        FakeTensorModel model = torchvision("", 0.5f, 0.49f);
        try (Harness harness = new Harness(PROVIDER, model, Harness.spec(folder, 1, Map.of()))) {
            assertThat(harness.text(request(PNG))).isEqualTo("""
                            [
                              {
                                "cat": [
                                  1.5,
                                  0.0,
                                  3.0,
                                  2.0
                                ],
                                "score": 0.5
                              }
                            ]""");
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 2, 4));
            assertThat(model.inputTypes).containsExactly(DataType.FP32);
        }
    }

    @Test
    void givesImagesInUnitRange() {
        float[] seen = new float[24];
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, input -> {
            System.arraycopy(Tensors.values(input), 0, seen, 0, 24);
            return found("", 1);
        });
        try (Harness harness = attach(model, Map.of())) {
            harness.run(request(PNG));
        }
        for (int i = 0; i < 24; i++) {
            assertThat(seen[i]).isEqualTo((i % 8 * 3 + i / 8) / 255f);
        }
    }

    @Test
    void answersAnEmptyListWhenNothingIsFound() {
        try (Harness harness = attach(torchvision("", 0.1f, Float.NaN), Map.of())) {
            assertThat(harness.text(request(PNG))).isEqualTo("[]");
        }
        FakeTensorModel none = new FakeTensorModel(
                Signature.UNDECLARED,
                input -> List.of(
                        Tensors.floats("boxes", Tensors.shape(0, 4)),
                        Tensors.longs("labels", Tensors.shape(0)),
                        Tensors.floats("scores", Tensors.shape(0))));
        try (Harness harness = attach(none, Map.of())) {
            assertThat(harness.text(request(PNG))).isEqualTo("[]");
        }
    }

    @Test
    void findsOutputsByNameAndByOrder() {
        try (Harness harness = attach(torchvision("0.", 0.75f), Map.of())) {
            assertThat(harness.text(request(PNG))).isEqualTo(CAT);
        }
        FakeTensorModel swapped = new FakeTensorModel(Signature.UNDECLARED, input -> {
            List<Tensor> outputs = found("", 0.75f);
            return List.of(outputs.get(2), outputs.get(0), outputs.get(1));
        });
        try (Harness harness = attach(swapped, Map.of())) {
            assertThat(harness.text(request(PNG))).isEqualTo(CAT);
        }
        FakeTensorModel numbered = new FakeTensorModel(Signature.UNDECLARED, input -> {
            List<Tensor> outputs = found("", 0.75f);
            return List.of(
                    renamed(outputs.get(0), "6568"), renamed(outputs.get(1), "6570"), renamed(outputs.get(2), "6567"));
        });
        try (Harness harness = attach(numbered, Map.of())) {
            assertThat(harness.text(request(PNG))).isEqualTo(CAT);
        }
        Map<String, Object> names = Map.of("outputs", Map.of("boxes", "6567", "labels", "6568", "scores", "6570"));
        FakeTensorModel odd = new FakeTensorModel(Signature.UNDECLARED, input -> {
            List<Tensor> outputs = found("", 0.75f);
            return List.of(
                    renamed(outputs.get(2), "6570"), renamed(outputs.get(0), "6567"), renamed(outputs.get(1), "6568"));
        });
        try (Harness harness = attach(odd, names)) {
            assertThat(harness.text(request(PNG))).isEqualTo(CAT);
        }
    }

    /** Seen to fail, as to lines of Base64 in a JSON string, when letters of escapes were taken for the image's. */
    @Test
    void takesEveryFormOfAnImage() {
        byte[] base64 = Base64.getEncoder().encode(PNG);
        String quoted = '"' + new String(base64, StandardCharsets.US_ASCII) + '"';
        // As encoders write it that end lines, or escape what need not be.
        String lines = quoted.replaceAll("[A-Za-z0-9]{11}", "$0\\\\n\\\\r")
                .replace("/", "\\/")
                .replace("=", "\\u003d");
        Tensor bytes = ByteElements.write("data", Shape.of(1), List.of(PNG), BufferAllocator.unpooled());
        Tensor text = ByteElements.write("data", Shape.of(1), List.of(base64), BufferAllocator.unpooled());
        try (Harness harness = attach(torchvision("", 0.75f), Map.of())) {
            assertThat(harness.texts(
                            request(PNG),
                            Harness.request(Harness.content("data", "text/plain", base64)),
                            Harness.request(Harness.json("body", quoted)),
                            Harness.request(Harness.json("body", lines)),
                            Harness.request(Harness.json("body", "[[[0, 0]], [[0.5, 0]], [[1, 1]]]")),
                            Harness.request(new Input.OfTensor(
                                    Tensors.floats("x", Tensors.shape(1, 3, 1, 2), 0, 1, 0, 1, 0, 1))),
                            Harness.request(new Input.OfTensor(bytes)),
                            Harness.request(new Input.OfTensor(text))))
                    .containsOnly(CAT);
        }
    }

    @Test
    void failsAloneWithWhatIsNoImage() {
        try (Harness harness = attach(torchvision("", 0.75f), Map.of())) {
            List<String> answers = harness.texts(
                    request(new byte[] {1, 2, 3}),
                    request(PNG),
                    Harness.request(Harness.json("body", "[[1, 2], [3]]")));

            assertThat(answers.get(0)).startsWith("INVALID_INPUT image: the body is not an image");
            assertThat(answers.get(1)).isEqualTo(CAT);
            assertThat(answers.get(2)).startsWith("INVALID_INPUT");
            assertThat(harness.text(Harness.request(Harness.json("body", "[[[0]], [[0]]]"))))
                    .isEqualTo("INVALID_INPUT input 'body': [2, 1, 1] (expected: [3, -1, -1])");
            assertThat(harness.text(Harness.request(Harness.json("body", "[[], [], []]"))))
                    .isEqualTo("INVALID_INPUT input 'body': [3, 0] (expected: [3, -1, -1])");
        }
    }

    // Seen to fail when lists are not released after their size was read.
    @Test
    void givesAllMemoryBack() {
        try (Harness harness = attach(torchvision("", 0.75f), Map.of())) {
            harness.run(
                    request(PNG),
                    request(new byte[] {1}),
                    Harness.request(Harness.json("body", "[[[0, 0]], [[0.5, 0]], [[1, 1]]]")),
                    Harness.request(Harness.json("body", "[[[0]], [[0]]]")));

            assertThat(harness.allocated).isNotEmpty().allMatch(buffer -> buffer.references() == 0);
        }
    }

    // Seen to fail when boxes are left in the model's pixels.
    @Test
    void mapsBoxesBackOntoTheImage() {
        FakeTensorModel model = torchvision("", 0.75f);
        try (Harness harness = attach(model, Map.of("width", 2, "height", 4))) {
            assertThat(harness.text(request(PNG)))
                    .isEqualTo(CAT.replace("1.5,", "3.0,").replace("3.0,\n      2.0", "6.0,\n      1.0"));
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 4, 2));
        }
    }

    @Test
    void answersWithTheMostWanted() {
        try (Harness harness = attach(torchvision("", 0.75f, 0.7f), Map.of("topK", 1))) {
            assertThat(harness.text(request(PNG))).isEqualTo(CAT);
        }
        try (Harness harness = attach(torchvision("", 0.75f, 0.7f), Map.of("threshold", 0.71))) {
            assertThat(harness.text(request(PNG))).isEqualTo(CAT);
        }
    }

    @Test
    void takesWhatTensorFlowDetectorsGive() {
        TensorSpec input = new TensorSpec("image", DataType.UINT8, Shape.of(1, -1, -1, 3));
        FakeTensorModel model = new FakeTensorModel(
                new Signature(
                        List.of(input),
                        List.of(
                                spec("detection_boxes"),
                                spec("detection_classes"),
                                spec("detection_scores"),
                                spec("num_detections"))),
                ObjectDetectorTest::tensorFlow);
        try (Harness harness = attach(model, Map.of())) {
            assertThat(harness.texts(request(PNG), request(png(8, 4)))).containsExactly(CAT, """
                            [
                              {
                                "2": [
                                  3.0,
                                  0.0,
                                  6.0,
                                  4.0
                                ],
                                "score": 0.75
                              }
                            ]""");
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 2, 4, 3), Shape.of(1, 4, 8, 3));
            assertThat(model.inputTypes).containsOnly(DataType.UINT8);
        }
    }

    @Test
    void takesWhatYoloGives() {
        // Two boxes of one thing, a third of another, a fourth nobody is sure of, and two more to be more than numbers.
        float[][] columns = {
            {9, 8, 6, 8, 0.1f, 0.9f},
            {9, 8, 6, 8.5f, 0.1f, 0.8f},
            {3, 8, 4, 8, 0.75f, 0},
            {8, 8, 8, 8, 0.4f, 0.4f},
            {Float.NaN, 8, 8, 8, 1, 0},
            {0, 0, 0, 0, 0, 0},
            {0, 0, 0, 0, 0, 0}
        };
        float[] boxesLast = new float[42];
        for (int box = 0; box < 7; box++) {
            for (int k = 0; k < 6; k++) {
                boxesLast[k * 7 + box] = columns[box][k];
            }
        }
        String expected = """
                [
                  {
                    "1": [
                      1.5,
                      0.0,
                      3.0,
                      2.0
                    ],
                    "score": 0.8999999761581421
                  },
                  {
                    "0": [
                      0.25,
                      0.0,
                      1.25,
                      2.0
                    ],
                    "score": 0.75
                  }
                ]""";
        FakeTensorModel model = new FakeTensorModel(
                Signature.UNDECLARED, input -> List.of(Tensors.floats("output0", Tensors.shape(1, 6, 7), boxesLast)));
        Map<String, Object> options = Map.of("format", "yolo", "width", 16, "height", 16);
        try (Harness harness = attach(model, options)) {
            assertThat(harness.text(request(PNG))).isEqualTo(expected);
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 16, 16));
        }
        float[] many = new float[8 * 7];
        for (int box = 0; box < 7; box++) {
            float[] from = columns[box];
            float[] row = {from[0] / 16, from[1] / 16, from[2] / 16, from[3] / 16, 0.5f, from[4] * 2, from[5] * 2};
            System.arraycopy(row, 0, many, box * 7, 7);
        }
        FakeTensorModel older = new FakeTensorModel(
                Signature.UNDECLARED, input -> List.of(Tensors.floats("output0", Tensors.shape(1, 8, 7), many)));
        Map<String, Object> relative = Map.of("format", "yolo", "width", 16, "height", 16, "boxes", "relative");
        try (Harness harness = attach(older, relative)) {
            assertThat(harness.text(request(PNG))).isEqualTo(expected);
        }
    }

    @Test
    void feedsModelsThatTakeASingleImage() {
        TensorSpec input = new TensorSpec("image", DataType.FP32, Shape.of(3, -1, -1));
        FakeTensorModel model =
                new FakeTensorModel(new Signature(List.of(input), List.of()), given -> found("", 0.75f));
        try (Harness harness = attach(model, Map.of())) {
            harness.warmUp();
            assertThat(harness.texts(request(PNG), request(PNG))).containsExactly(CAT, CAT);
            assertThat(harness.text(Harness.request(Harness.json("body", "[[[0, 0]], [[0.5, 0]], [[1, 1]]]"))))
                    .isEqualTo(CAT);
            assertThat(model.inputShapes)
                    .containsExactly(Shape.of(3, 64, 64), Shape.of(3, 2, 4), Shape.of(3, 2, 4), Shape.of(3, 1, 2));
        }
    }

    @Test
    void refusesOutputsItCannotRead() {
        FakeTensorModel uneven = new FakeTensorModel(
                Signature.UNDECLARED,
                input -> List.of(
                        Tensors.floats("boxes", Tensors.shape(1, 4), 0, 0, 0, 0),
                        Tensors.longs("labels", Tensors.shape(2), 0, 0),
                        Tensors.floats("scores", Tensors.shape(2), 1, 1)));
        assertBroken(
                uneven,
                Map.of(),
                "object_detector: the model's outputs are boxes [1, 4], labels [2], scores [2]"
                        + " (expected: [n, 4], [n] and [n])");
        FakeTensorModel nameless = new FakeTensorModel(Signature.UNDECLARED, input -> {
            List<Tensor> outputs = found("", 1);
            return List.of(outputs.get(0), outputs.get(1), renamed(outputs.get(2), "other"));
        });
        assertBroken(
                nameless,
                Map.of(),
                "object_detector: the model's outputs are [boxes, labels, other]"
                        + " (expected: one for scores, named scores or detection_scores)");
        FakeTensorModel flat = new FakeTensorModel(
                Signature.UNDECLARED, input -> List.of(Tensors.floats("y", Tensors.shape(1, 6), 0, 0, 0, 0, 0, 0)));
        assertBroken(flat, Map.of(), "object_detector: the model's output is FP32 [1, 6] (expected: one of floating");
    }

    @Test
    void refusesModelsItCannotFeed() {
        assertInvalid(
                Map.of(), FakeTensorModel.input(DataType.FP32, -1, 4), "object_detector: the model's input 'x' is");
        assertInvalid(
                Map.of(),
                FakeTensorModel.input(DataType.INT64, -1, 3, -1, -1),
                "object_detector: the model's input 'x' is INT64 [-1, 3, -1, -1] (expected: FP32 or UINT8"
                        + " [-1, 3, -1, -1], as the options are set)");
        assertInvalid(
                Map.of("width", 5, "height", 5),
                FakeTensorModel.input(DataType.FP32, -1, 3, 8, 8),
                "object_detector: the model's input 'x' is FP32 [-1, 3, 8, 8]");
        Signature twoOutputs = new Signature(
                FakeTensorModel.input(DataType.FP32, -1, 3, 8, 8).inputs(), List.of(spec("a"), spec("b")));
        assertInvalid(
                Map.of("format", "torchvision"),
                twoOutputs,
                "object_detector: the model has 2 outputs (expected: 3 or more for format torchvision)");
    }

    @Test
    void refusesOptionsThatMakeNoSense() {
        Signature any = Signature.UNDECLARED;
        assertInvalid(Map.of("treshold", 1), any, "handler.objectDetector.treshold: unknown key");
        assertInvalid(
                Map.of("threshold", 2), any, "handler.objectDetector.threshold: 2 (expected: a number in 0.0..1.0)");
        assertInvalid(Map.of("width", 5), any, "handler.objectDetector.height: missing (expected: 1..4096, since the");
        assertInvalid(Map.of("resize", "stretch"), any, "handler.objectDetector.resize: stretch (expected: width and");
        assertInvalid(Map.of("format", "coco"), any, "handler.objectDetector.format: coco (expected: torchvision or");
        assertInvalid(Map.of("std", List.of(1, 0, 1)), any, "handler.objectDetector.std: [1, 0, 1] (expected: numbers");
        assertInvalid(
                Map.of("range", "0..255"),
                FakeTensorModel.input(DataType.UINT8, 1, -1, -1, 3),
                "handler.objectDetector.range: 0..255 (expected: absent, since the model takes bytes)");
        assertInvalid(
                Map.of("width", 5, "height", 5, "maxPixels", 7),
                any,
                "handler.objectDetector.maxPixels: 7 (expected: absent, since images are resized)");
        assertInvalid(Map.of("outputs", Map.of("box", "x")), any, "handler.objectDetector.outputs: {box=x} (expected:");
    }

    private static void assertBroken(FakeTensorModel model, Map<String, Object> options, String message) {
        try (Harness harness = attach(model, options)) {
            assertThatThrownBy(() -> harness.execute(request(PNG)))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                    .hasMessageStartingWith(message);
        }
    }

    private static void assertInvalid(Map<String, Object> options, Signature signature, String message) {
        FakeTensorModel model = new FakeTensorModel(signature, FakeTensorModel::copy);
        assertThatThrownBy(() -> attach(model, options))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
    }

    private static Harness attach(FakeTensorModel model, Map<String, Object> options) {
        return new Harness(PROVIDER, model, Harness.spec(Map.of("handler", Map.of("objectDetector", options))));
    }

    /** A box of class 2 for each score. */
    private static FakeTensorModel torchvision(String prefix, float... scores) {
        return new FakeTensorModel(Signature.UNDECLARED, input -> found(prefix, scores));
    }

    private static List<Tensor> found(String prefix, float... scores) {
        float[] boxes = new float[4 * scores.length];
        long[] labels = new long[scores.length];
        for (int i = 0; i < scores.length; i++) {
            System.arraycopy(new float[] {1.5f, 0, 3, 2}, 0, boxes, 4 * i, 4);
            labels[i] = 2;
        }
        return List.of(
                Tensors.floats(prefix + "boxes", Tensors.shape(scores.length, 4), boxes),
                Tensors.longs(prefix + "labels", Tensors.shape(scores.length), labels),
                Tensors.floats(prefix + "scores", Tensors.shape(scores.length), scores));
    }

    /** The same box as {@link #CAT}; a second one reaches out of the image, but does not count. */
    private static List<Tensor> tensorFlow(Tensor input) {
        float[] boxes = {0, 0.375f, 1, 0.75f, -1, -1, 2, 2};
        return List.of(
                Tensors.floats("detection_boxes", Tensors.shape(1, 2, 4), boxes),
                Tensors.floats("detection_classes", Tensors.shape(1, 2), 2, 1),
                Tensors.floats("detection_scores", Tensors.shape(1, 2), 0.75f, 0.9f),
                Tensors.floats("num_detections", Tensors.shape(1), 1));
    }

    private static Tensor renamed(Tensor tensor, String name) {
        return new Tensor(name, tensor.type(), tensor.shape(), tensor.data());
    }

    private static TensorSpec spec(String name) {
        return new TensorSpec(name, DataType.FP32, Shape.of(1, -1));
    }

    private static InferenceRequest request(byte[] image) {
        return Harness.request(Harness.content("body", "", image));
    }

    /** Sample values count up from pixel to pixel, channel after channel. */
    private static byte[] png(int width, int height) {
        byte[] samples = new byte[width * height * 3];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (byte) (i / 3 * 3 + i % 3);
        }
        return ImageEncoder.PNG.encode(new Pixels(width, height, 3, samples));
    }
}
