// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MelSpectrogramTest {
    // Seen to fail when the Hann window ends at its last sample, when the ends are padded with zeros, and when bands
    // are
    // normalised by their width.
    @ParameterizedTest
    @MethodSource("references")
    void followsTheDefinition(JsonNode reference) {
        float[] expected = References.floats(reference.path("power"));

        float[] power = compute(reference, MelScale.POWER);

        assertThat(power).hasSameSizeAs(expected);
        for (int i = 0; i < power.length; i++) {
            assertThat(power[i]).isCloseTo(expected[i], Offset.offset(1e-5f * Math.max(1e-3f, expected[i])));
        }
    }

    @ParameterizedTest
    @MethodSource("references")
    void writesDecibels(JsonNode reference) {
        float[] expected = References.floats(reference.path("decibel"));

        assertThat(compute(reference, MelScale.DECIBEL)).containsExactly(expected, Offset.offset(1e-3f));
    }

    @Test
    void takesSilenceForTheSmallestPowerThereIs() {
        MelOptions options = new MelOptions(8000, 16, 8, 2, 0, 4000, MelScale.LOG);

        assertThat(new MelSpectrogram(options).of(new float[options.fewestSamples()]))
                .containsOnly((float) Math.log(1e-10));
        assertThat(MelScale.DECIBEL.of(0)).isEqualTo(-100);
    }

    static Stream<JsonNode> references() {
        return References.of("mel");
    }

    private static float[] compute(JsonNode reference, MelScale scale) {
        MelOptions options = new MelOptions(
                8000,
                reference.path("window").asInt(),
                reference.path("hop").asInt(),
                reference.path("mels").asInt(),
                reference.path("low").asDouble(),
                reference.path("high").asDouble(),
                scale);
        return new MelSpectrogram(options).of(References.floats(reference.path("samples")));
    }
}
