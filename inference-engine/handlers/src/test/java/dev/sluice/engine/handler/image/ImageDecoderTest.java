// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    /** The JDK's and Pillow's JPEG decoders are different versions of one library, whose transforms round differently. */
    private static final int JPEG_TOLERANCE = 2;

    private final ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS);

    @AfterEach
    void close() {
        decoder.close();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void givesPillowsNumbers(String file, JsonNode reference) {
        int tolerance = file.endsWith(".jpg") ? JPEG_TOLERANCE : 0;

        Pixels colour = decoder.decode(References.file(file), 3);
        Pixels grey = decoder.decode(References.file(file), 1);

        assertThat(colour.width()).isEqualTo(reference.path("width").asInt());
        assertThat(colour.height()).isEqualTo(reference.path("height").asInt());
        assertClose(colour.samples(), References.bytes(reference.path("rgb")), tolerance);
        assertClose(grey.samples(), References.bytes(reference.path("grey")), tolerance);
    }

    static Stream<Arguments> givesPillowsNumbers() {
        return elements("decoded").map(node -> Arguments.of(node.path("file").asText(), node));
    }

    @ParameterizedTest
    @MethodSource
    void refusesWhatPillowRefuses(String file) {
        assertThatThrownBy(() -> decoder.decode(References.file(file), 3))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT));
    }

    static Stream<String> refusesWhatPillowRefuses() {
        return elements("unreadable").map(JsonNode::asText);
    }

    @Test
    void saysWhatItExpects() {
        assertThatThrownBy(() -> decoder.decode(References.file("text.txt"), 3))
                .hasMessage("image: the body is not an image this server can decode: 20 bytes"
                        + " (expected: PNG, JPEG, GIF or BMP, as bytes or Base64 text)");
    }

    @Test
    void namesCmykAsTheReason() {
        assertThatThrownBy(() -> decoder.decode(References.file("cmyk.jpeg"), 3))
                .hasMessageContaining("a JPEG of 4 components, such as CMYK");
    }

    @Test
    void refusesTooManyPixelsByTheHeaderAlone() {
        assertThatThrownBy(() -> decoder.decode(References.file("bomb.png"), 3))
                .hasMessage("image: 9460x9460 = 89491600 pixels (expected: at most 89478485, no side above 65535)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rgb8.png", "grey.jpg", "palette.gif", "rgb24.bmp"})
    void countsPixelsInEveryFormat(String file) {
        try (ImageDecoder strict = new ImageDecoder(10)) {
            assertThatThrownBy(() -> strict.decode(References.file(file), 3))
                    .hasMessageContaining("expected: at most 10, no side above 65535");
        }
    }

    @Test
    void readsOnAfterADamagedFile() {
        byte[] whole = References.file("rgb-420.jpg");
        byte[] first = decoder.decode(whole, 3).samples();

        assertThatThrownBy(() -> decoder.decode(References.file("truncated.jpeg"), 3))
                .isInstanceOf(ServingException.class);
        assertThatThrownBy(() -> decoder.decode(Arrays.copyOf(whole, 300), 3)).isInstanceOf(ServingException.class);

        assertThat(decoder.decode(whole, 3).samples()).isEqualTo(first);
    }

    private static void assertClose(byte[] actual, byte[] expected, int tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        int worst = 0;
        for (int i = 0; i < actual.length; i++) {
            worst = Math.max(worst, Math.abs((actual[i] & 0xff) - (expected[i] & 0xff)));
        }
        assertThat(worst).as("largest difference").isLessThanOrEqualTo(tolerance);
    }

    private static Stream<JsonNode> elements(String name) {
        return StreamSupport.stream(References.all().path(name).spliterator(), false);
    }
}
