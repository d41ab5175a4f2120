// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Outcome;
import dev.sluice.engine.handler.image.ImageDecoder;
import dev.sluice.engine.handler.image.ImageEncoder;
import dev.sluice.engine.handler.image.Pixels;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelRef;
import dev.sluice.model.Signature;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StyleTransferTest {
    private static final StyleTransferProvider PROVIDER = new StyleTransferProvider();
    private static final byte[] SAMPLES = {0, 10, (byte) 255, (byte) 128, 20, 1};
    private static final byte[] PNG = ImageEncoder.PNG.encode(new Pixels(2, 1, 3, SAMPLES));
    private static final byte[] INVERTED = {(byte) 255, (byte) 245, 0, 127, (byte) 235, (byte) 254};

    // Seen to fail when planes are taken for pixels.
    @Test
    void answersWithTheImageTheModelMakes() {
        FakeTensorModel model = mapping(value -> 1 - value);
        try (Harness harness = attach(model, Map.of())) {
            Output.OfContent answer = answer(harness, Map.of(), Map.of());

            assertThat(answer.contentType()).isEqualTo("image/png");
            Pixels image = decode(answer);
            assertThat(image.width()).isEqualTo(2);
            assertThat(image.samples()).isEqualTo(INVERTED);
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 1, 2));
        }
    }

    @ParameterizedTest
    @CsvSource({"0..1, 1", "0..255, 255", "-1..1, 0"})
    void readsAndWritesEveryRange(String range, double sum) {
        try (Harness harness = attach(mapping(value -> sum - value), Map.of("range", range, "outputRange", range))) {
            assertThat(decode(answer(harness, Map.of(), Map.of())).samples()).isEqualTo(INVERTED);
        }
    }

    @Test
    void takesModelsWithChannelsLast() {
        FakeTensorModel model =
                new FakeTensorModel(FakeTensorModel.input(DataType.UINT8, -1, -1, -1, 3), StyleTransferTest::inverted);
        try (Harness harness = attach(model, Map.of())) {
            assertThat(decode(answer(harness, Map.of(), Map.of())).samples()).isEqualTo(INVERTED);
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 1, 2, 3));
        }
    }

    @Test
    void clipsWhatIsNoColour() {
        try (Harness harness = attach(mapping(value -> value > 0.5 ? 7 : Double.NaN), Map.of())) {
            assertThat(decode(answer(harness, Map.of(), Map.of())).samples()).containsExactly(0, 0, 255, 255, 0, 0);
        }
    }

    @Test
    void answersInTheFormatAskedFor() {
        try (Harness harness = attach(mapping(value -> value), Map.of())) {
            assertThat(answer(harness, Map.of(), Map.of("Accept", "image/webp, image/jpeg;q=0.9"))
                            .contentType())
                    .isEqualTo("image/jpeg");
            assertThat(answer(harness, Map.of("accept", "IMAGE/JPEG"), Map.of("Accept", "image/png"))
                            .contentType())
                    .isEqualTo("image/jpeg");
            assertThat(answer(harness, Map.of(), Map.of("accept", "*/*")).contentType())
                    .isEqualTo("image/png");
        }
        try (Harness harness = attach(mapping(value -> value), Map.of("output", "jpeg"))) {
            Output.OfContent answer = answer(harness, Map.of(), Map.of());
            assertThat(answer.contentType()).isEqualTo("image/jpeg");
            assertThat(decode(answer).width()).isEqualTo(2);
        }
    }

    /** Seen to fail, as to the damaged image, when pixels were only counted behind the decoder. */
    @Test
    void refusesImagesThatAreTooLargeBeforeItDecodesThem() {
        try (Harness harness = attach(mapping(value -> value), Map.of("maxPixels", 1))) {
            String refusal = "INVALID_INPUT image: 2x1 = 2 pixels (expected: at most 1, no side above 65535)";
            byte[] damaged = PNG.clone();
            Arrays.fill(damaged, 41, 45, (byte) -1);
            assertThat(harness.text(request(Map.of(), Map.of()))).isEqualTo(refusal);
            assertThat(harness.text(Harness.request(Harness.content("body", "", damaged))))
                    .isEqualTo(refusal);
        }
    }

    @Test
    void refusesOutputsThatAreNoImage() {
        FakeTensorModel flat = new FakeTensorModel(
                Signature.UNDECLARED, input -> List.of(Tensors.floats("y", Tensors.shape(1, 3), 0, 0, 0)));
        try (Harness harness = attach(flat, Map.of())) {
            assertThatThrownBy(() -> harness.execute(request(Map.of(), Map.of())))
                    .hasMessageStartingWith("style_transfer: a row of the model's output is FP32 [3] (expected: numbers"
                            + " [3, height, width] or [height, width, 3]");
        }
        assertThatThrownBy(() -> attach(flat, Map.of("output", "gif")))
                .hasMessage("handler.styleTransfer.output: gif (expected: png or jpeg)");
        assertThatThrownBy(() -> attach(flat, Map.of("outputRange", "0..2")))
                .hasMessage("handler.styleTransfer.outputRange: 0..2 (expected: 0..1 or 0..255 or -1..1)");
    }

    private static List<Tensor> inverted(Tensor input) {
        byte[] bytes = input.data().toByteArray();
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (255 - (bytes[i] & 0xff));
        }
        return List.of(FakeTensorModel.tensor("y", DataType.UINT8, input.shape(), bytes));
    }

    private static FakeTensorModel mapping(DoubleUnaryOperator function) {
        return new FakeTensorModel(Signature.UNDECLARED, input -> {
            float[] values = Tensors.values(input);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) function.applyAsDouble(values[i]);
            }
            return List.of(Tensors.floats("y", input.shape().toArray(), values));
        });
    }

    private static Pixels decode(Output.OfContent answer) {
        try (ImageDecoder decoder = new ImageDecoder(100)) {
            return decoder.decode(answer.content().toByteArray(), 3);
        }
    }

    private static Output.OfContent answer(
            Harness harness, Map<String, String> parameters, Map<String, String> headers) {
        Outcome outcome = harness.execute(request(parameters, headers)).get(0);
        return (Output.OfContent)
                ((Outcome.Success) outcome).response().outputs().get(0);
    }

    private static InferenceRequest request(Map<String, String> parameters, Map<String, String> headers) {
        RequestContext context =
                new RequestContext("r", "test", 0, RequestContext.NO_DEADLINE, headers, new Cancellation());
        return new InferenceRequest(
                ModelRef.of("m"), List.of(Harness.content("body", "", PNG)), List.of(), parameters, context);
    }

    private static Harness attach(FakeTensorModel model, Map<String, Object> options) {
        return new Harness(PROVIDER, model, Harness.spec(Map.of("handler", Map.of("styleTransfer", options))));
    }
}
