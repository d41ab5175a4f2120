// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImageClassifierOptionsTest {
    @Test
    void isTheOriginalsPipelineWithoutConfiguration() {
        ImageClassifierOptions options = ImageClassifierOptions.of(Harness.spec(Map.of()));

        assertThat(options.pipeline().width()).isEqualTo(224);
        assertThat(options.pipeline().height()).isEqualTo(224);
        assertThat(options.pipeline().channels()).isEqualTo(3);
        assertThat(options.topK()).isEqualTo(5);
    }

    @Test
    void leavesOtherHandlersBlocksAlone() {
        ImageClassifierOptions options =
                ImageClassifierOptions.of(Harness.spec(Map.of("handler", Map.of("profile", true))));

        assertThat(options.topK()).isEqualTo(5);
    }

    @Test
    void readsEveryKey() {
        ImageClassifierOptions options = read(Map.of(
                "width",
                8,
                "height",
                9L,
                "channels",
                1,
                "resize",
                "shorterSide",
                "resizeTo",
                10,
                "mean",
                List.of(0.5),
                "std",
                List.of(1),
                "topK",
                3));

        assertThat(options.pipeline().width()).isEqualTo(8);
        assertThat(options.pipeline().height()).isEqualTo(9);
        assertThat(options.pipeline().channels()).isEqualTo(1);
        assertThat(options.topK()).isEqualTo(3);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refusesWithKeyValueAndExpectation(Map<String, Object> block, String message) {
        assertThatThrownBy(() -> read(block))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage("handler.imageClassifier." + message);
    }

    static Stream<Arguments> refusesWithKeyValueAndExpectation() {
        return Stream.of(
                Arguments.of(
                        Map.of("widht", 8),
                        "widht: unknown key (expected one of: channels, height, mean, resize, resizeTo, std, topK,"
                                + " width)"),
                Arguments.of(Map.of("width", 0), "width: 0 (expected: 1..4096)"),
                Arguments.of(Map.of("width", 4097), "width: 4097 (expected: 1..4096)"),
                Arguments.of(Map.of("width", 4294967304L), "width: 4294967304 (expected: 1..4096)"),
                Arguments.of(Map.of("width", "8"), "width: 8 (expected: 1..4096)"),
                Arguments.of(Map.of("height", 8.5), "height: 8.5 (expected: 1..4096)"),
                Arguments.of(Map.of("channels", 2), "channels: 2 (expected: 1 or 3)"),
                Arguments.of(Map.of("channels", 4), "channels: 4 (expected: 1..3)"),
                Arguments.of(Map.of("channels", 1), "mean: missing (expected: a list of 1 number)"),
                Arguments.of(Map.of("resize", "crop"), "resize: crop (expected: stretch or shorterSide)"),
                Arguments.of(Map.of("resizeTo", 223), "resizeTo: 223 (expected: 224..4096)"),
                Arguments.of(
                        Map.of("width", 299),
                        "resizeTo: missing (expected: 299..4096, since 299x224 are cut out of the resized image; the"
                                + " default is 256)"),
                Arguments.of(
                        Map.of("resize", "stretch", "resizeTo", 256),
                        "resizeTo: 256 (expected: absent, since resize is stretch)"),
                Arguments.of(Map.of("mean", List.of(1)), "mean: [1] (expected: a list of 3 numbers)"),
                Arguments.of(Map.of("mean", 0.5), "mean: 0.5 (expected: a list of 3 numbers)"),
                Arguments.of(Map.of("mean", List.of(1, 2, "x")), "mean: [1, 2, x] (expected: a list of 3 numbers)"),
                Arguments.of(
                        Map.of("mean", List.of(1, 2, Double.NaN)), "mean: [1, 2, NaN] (expected: a list of 3 numbers)"),
                Arguments.of(Map.of("std", List.of(1, 0, 1)), "std: [1, 0, 1] (expected: numbers above 0)"),
                Arguments.of(Map.of("topK", 0), "topK: 0 (expected: 1..100000)"));
    }

    @Test
    void refusesBlocksThatAreNone() {
        assertThatThrownBy(() -> ImageClassifierOptions.of(Harness.spec(Map.of("handler", 5))))
                .hasMessage("handler: 5 (expected: a mapping)");
        assertThatThrownBy(() -> ImageClassifierOptions.of(
                        Harness.spec(Map.of("handler", Map.of("imageClassifier", List.of())))))
                .hasMessage("handler.imageClassifier: [] (expected: a mapping)");
    }

    private static ImageClassifierOptions read(Map<String, Object> block) {
        return ImageClassifierOptions.of(Harness.spec(Map.of("handler", Map.of("imageClassifier", block))));
    }
}
