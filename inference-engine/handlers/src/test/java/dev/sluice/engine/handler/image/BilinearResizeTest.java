// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.ByteRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BilinearResizeTest {
    @ParameterizedTest(name = "{0}")
    @MethodSource
    void givesPillowsBytes(String name, JsonNode source, JsonNode target) {
        Pixels image = pixels(source, source.path("channels").asInt());
        Pixels expected = pixels(target, image.channels());

        Pixels resized = whole(image, expected.width(), expected.height());

        assertThat(resized.samples()).isEqualTo(expected.samples());
    }

    static Stream<Arguments> givesPillowsBytes() {
        return StreamSupport.stream(References.all().path("resized").spliterator(), false)
                .flatMap(source -> StreamSupport.stream(source.path("targets").spliterator(), false)
                        .map(target -> Arguments.of(
                                source.path("name").asText() + " to " + target.path("width") + "x"
                                        + target.path("height"),
                                source,
                                target)));
    }

    @Property(tries = 200)
    void keepsAnEvenColour(
            @ForAll @IntRange(min = 1, max = 60) int width,
            @ForAll @IntRange(min = 1, max = 60) int height,
            @ForAll @IntRange(min = 1, max = 60) int toWidth,
            @ForAll @IntRange(min = 1, max = 60) int toHeight,
            @ForAll @ByteRange(min = Byte.MIN_VALUE) byte colour) {
        byte[] samples = new byte[width * height];
        Arrays.fill(samples, colour);

        Pixels resized = whole(new Pixels(width, height, 1, samples), toWidth, toHeight);

        byte[] expected = new byte[toWidth * toHeight];
        Arrays.fill(expected, colour);
        assertThat(resized.samples()).isEqualTo(expected);
    }

    @Property(tries = 200)
    void keepsAnImageOfTheWantedSize(
            @ForAll @IntRange(min = 1, max = 40) int width,
            @ForAll @IntRange(min = 1, max = 40) int height,
            @ForAll long seed) {
        Pixels image = noise(width, height, seed);

        assertThat(whole(image, width, height).samples()).isEqualTo(image.samples());
    }

    @Property(tries = 300)
    void computesAWindowAsIfItWereCutOutOfTheWhole(
            @ForAll @IntRange(min = 1, max = 40) int width,
            @ForAll @IntRange(min = 1, max = 40) int height,
            @ForAll @IntRange(min = 1, max = 40) int toWidth,
            @ForAll @IntRange(min = 1, max = 40) int toHeight,
            @ForAll long seed) {
        Random random = new Random(seed);
        Pixels image = noise(width, height, seed);
        int left = random.nextInt(toWidth);
        int top = random.nextInt(toHeight);
        Window window = new Window(left, top, 1 + random.nextInt(toWidth - left), 1 + random.nextInt(toHeight - top));

        Pixels part = BilinearResize.resize(image, toWidth, toHeight, window);

        assertThat(part.samples()).isEqualTo(cut(whole(image, toWidth, toHeight), window));
    }

    private static Pixels whole(Pixels image, int width, int height) {
        return BilinearResize.resize(image, width, height, Window.all(width, height));
    }

    private static byte[] cut(Pixels image, Window window) {
        int stride = image.width() * image.channels();
        int bytes = window.width() * image.channels();
        byte[] part = new byte[window.height() * bytes];
        for (int y = 0; y < window.height(); y++) {
            int from = (window.top() + y) * stride + window.left() * image.channels();
            System.arraycopy(image.samples(), from, part, y * bytes, bytes);
        }
        return part;
    }

    private static Pixels noise(int width, int height, long seed) {
        byte[] samples = new byte[width * height * 3];
        new Random(seed).nextBytes(samples);
        return new Pixels(width, height, 3, samples);
    }

    private static Pixels pixels(JsonNode node, int channels) {
        return new Pixels(
                node.path("width").asInt(),
                node.path("height").asInt(),
                channels,
                References.bytes(node.path("pixels")));
    }
}
