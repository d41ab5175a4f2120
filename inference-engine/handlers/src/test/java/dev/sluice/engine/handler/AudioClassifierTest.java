// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class AudioClassifierTest {
    private static final AudioClassifierProvider PROVIDER = new AudioClassifierProvider();
    private static final byte[] WAV = wav(8000, 1, 0.5f, 40);
    private static final String HALVES = "{\n  \"0\": 0.5,\n  \"1\": 0.5\n}";
    /** 80 samples. */
    private static final Map<String, Object> SHORT = Map.of("sampleRate", 8000, "seconds", 0.01);

    // Seen to fail when short sounds are not padded.
    @Test
    void givesTheModelAsManySamplesAsItWants() {
        List<float[]> seen = new ArrayList<>();
        try (Harness harness = attach(recording(Signature.UNDECLARED, seen), SHORT)) {
            assertThat(harness.texts(request(WAV), request(wav(8000, 2, 0.25f, 500))))
                    .containsExactly(HALVES, HALVES);
        }
        assertThat(seen).hasSize(2).allSatisfy(samples -> assertThat(samples).hasSize(80));
        for (int i = 0; i < 80; i++) {
            assertThat(seen.get(0)[i]).isEqualTo(i < 40 ? 0.5f : 0);
            assertThat(seen.get(1)[i]).isEqualTo(0.25f);
        }
    }

    @Test
    void resamples() {
        List<float[]> seen = new ArrayList<>();
        try (Harness harness = attach(recording(Signature.UNDECLARED, seen), SHORT)) {
            harness.run(request(wav(16_000, 1, 0.5f, 1000)));
        }
        assertThat(seen.get(0)[40]).isCloseTo(0.5f, Offset.offset(0.01f));
        assertThat(seen.get(0)[79]).as("cut after resampling").isCloseTo(0.5f, Offset.offset(0.01f));
    }

    @Test
    void computesMelSpectrograms() {
        List<float[]> seen = new ArrayList<>();
        Signature signature = FakeTensorModel.input(DataType.FP32, -1, 1, 4, -1);
        Map<String, Object> mel = Map.of(
                "sampleRate",
                8000,
                "seconds",
                0.01,
                "features",
                "mel",
                "window",
                32,
                "hop",
                16,
                "mels",
                4,
                "scale",
                "decibel",
                "mean",
                -100,
                "std",
                2);
        FakeTensorModel model = recording(signature, seen);
        try (Harness harness = attach(model, mel)) {
            harness.run(request(wav(8000, 1, 0, 80)));
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 1, 4, 6));
        }
        assertThat(seen.get(0)).containsOnly(0);
    }

    @Test
    void takesEveryFormOfASound() {
        byte[] base64 = Base64.getEncoder().encode(WAV);
        String quoted = '"' + new String(base64, StandardCharsets.US_ASCII) + '"';
        String list = "[" + "0,".repeat(79) + "1]";
        try (Harness harness = attach(recording(Signature.UNDECLARED, new ArrayList<>()), SHORT)) {
            assertThat(harness.texts(
                            Harness.request(Harness.content("data", "audio/wav", WAV)),
                            Harness.request(Harness.content("data", "text/plain", base64)),
                            Harness.request(Harness.content("data", "", base64)),
                            Harness.request(Harness.json("data", quoted)),
                            Harness.request(Harness.json("data", list)),
                            Harness.request(
                                    new Input.OfTensor(Tensors.floats("x", Tensors.shape(1, 80), new float[80])))))
                    .containsOnly(HALVES);
        }
    }

    @Test
    void refusesWhatIsNoSound() {
        try (Harness harness = attach(recording(Signature.UNDECLARED, new ArrayList<>()), SHORT)) {
            assertThat(harness.texts(
                            request(new byte[] {1, 2, 3, 4, 5}),
                            Harness.request(Harness.content("data", "text/plain", new byte[] {'a'})),
                            Harness.request(Harness.json("data", "[1, 2]")),
                            Harness.request(
                                    new Input.OfTensor(Tensors.floats("x", Tensors.shape(2, 80), new float[160])))))
                    .allMatch(answer -> answer.startsWith("INVALID_INPUT"))
                    .anyMatch(answer -> answer.contains("no RIFF header"))
                    .anyMatch(answer -> answer.contains("text that is not Base64"))
                    .anyMatch(answer -> answer.contains("input: [2] (expected: [80])"));
        }
    }

    @Test
    void refusesModelsAndOptionsAtLoad() {
        Signature any = Signature.UNDECLARED;
        assertInvalid(
                FakeTensorModel.input(DataType.FP32, -1, 99),
                SHORT,
                "audio_classifier: the model's input 'x' is FP32 [-1, 99]"
                        + " (expected: FP32 [-1, 80], as handler.audioClassifier is set)");
        assertInvalid(any, Map.of("rate", 1), "handler.audioClassifier.rate: unknown key");
        assertInvalid(any, Map.of("mels", 8), "handler.audioClassifier.mels: 8 (expected: absent, since features is");
        assertInvalid(
                any,
                Map.of("features", "mel", "window", 33),
                "handler.audioClassifier.window: 33 (expected: an even number)");
        assertInvalid(
                any,
                Map.of("features", "mel", "seconds", 0.01),
                "handler.audioClassifier.window: missing (expected: at most 318, since there are 160 samples)");
        assertInvalid(
                any,
                Map.of("features", "mel", "lowest", 4000, "highest", 3000),
                "handler.audioClassifier.highest: 3000 (expected: more than lowest, 4000.0)");
        assertInvalid(
                any,
                Map.of("features", "mel", "hop", 1, "mels", 512),
                "handler.audioClassifier.seconds: missing (expected: less, since [512, 16001] numbers are above");
        assertInvalid(
                any, Map.of("seconds", 1000), "handler.audioClassifier.seconds: 1000 (expected: a number in 0.01");
    }

    private static void assertInvalid(Signature signature, Map<String, Object> options, String message) {
        assertThatThrownBy(() -> attach(recording(signature, new ArrayList<>()), options))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
    }

    private static FakeTensorModel recording(Signature signature, List<float[]> rows) {
        return new FakeTensorModel(signature, input -> {
            int count = (int) input.shape().dimension(0);
            float[] all = Tensors.values(input);
            for (int row = 0; row < count; row++) {
                int size = all.length / count;
                rows.add(Arrays.copyOfRange(all, row * size, (row + 1) * size));
            }
            return List.of(Tensors.floats("y", Tensors.shape(count, 2), new float[2 * count]));
        });
    }

    private static Harness attach(FakeTensorModel model, Map<String, Object> options) {
        return new Harness(PROVIDER, model, Harness.spec(Map.of("handler", Map.of("audioClassifier", options))));
    }

    private static InferenceRequest request(byte[] file) {
        return Harness.request(Harness.content("body", "", file));
    }

    /** A constant as floats. */
    private static byte[] wav(int rate, int channels, float value, int frames) {
        int bytes = frames * channels * 4;
        ByteBuffer file = ByteBuffer.allocate(44 + bytes).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + bytes);
        file.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        file.putShort((short) 3).putShort((short) channels).putInt(rate).putInt(rate * channels * 4);
        file.putShort((short) (channels * 4)).putShort((short) 32);
        file.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(bytes);
        while (file.hasRemaining()) {
            file.putFloat(value);
        }
        return file.array();
    }
}
