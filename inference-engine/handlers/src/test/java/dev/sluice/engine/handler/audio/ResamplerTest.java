// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ResamplerTest {
    // Seen to fail when the window is left out, and when there are five crossings instead of six.
    @ParameterizedTest(name = "{0} to {1}")
    @MethodSource
    void followsTheDefinition(int from, int to, float[] samples, float[] expected) {
        Sound result = Resampler.resample(new Sound(from, samples), to);

        assertThat(result.rate()).isEqualTo(to);
        assertThat(result.samples()).containsExactly(expected, Offset.offset(2e-7f));
    }

    static Stream<Arguments> followsTheDefinition() {
        return References.of("resampled")
                .map(node -> Arguments.of(
                        node.path("from").asInt(),
                        node.path("to").asInt(),
                        References.floats(node.path("samples")),
                        References.floats(node.path("expected"))));
    }

    @Test
    void leavesTheRightRateAlone() {
        Sound sound = new Sound(8000, new float[] {1, 2});

        assertThat(Resampler.resample(sound, 8000)).isSameAs(sound);
    }

    /** 6 kHz is above half of 8 kHz: without a filter it would come back as 2 kHz. */
    @Test
    void silencesWhatTheNewRateCannotHold() {
        float[] high = new float[1600];
        for (int i = 0; i < high.length; i++) {
            high[i] = (float) Math.sin(2 * Math.PI * 6000 * i / 16_000);
        }

        float[] result = Resampler.resample(new Sound(16_000, high), 8000).samples();

        for (int i = 20; i < result.length - 20; i++) {
            assertThat(result[i]).isCloseTo(0, Offset.offset(0.01f));
        }
    }

    @Test
    void takesRatesThatShareNothing() {
        Sound result = Resampler.resample(new Sound(44_101, new float[44_101]), 16_000);

        assertThat(result.samples()).hasSize(16_000).containsOnly(0);
    }

    @Test
    void takesASingleSample() {
        assertThat(Resampler.resample(new Sound(768_000, new float[] {1}), 1000).samples())
                .hasSize(1);
        assertThat(Resampler.resample(new Sound(1000, new float[] {1}), 4000).samples())
                .hasSize(4);
    }
}
