// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class FramingTest {
    private static final Offset<Double> CLOSE = Offset.offset(1e-9);

    @Test
    void keepsAnImageAsItIs() {
        Pixels image = grey(3, 2);

        assertThat(new Framing.Keep(6).apply(image)).isSameAs(image);
        assertThat(new Framing.Keep(6).map(3, 2)).isEqualTo(FrameMap.IDENTITY);
    }

    @Test
    void refusesMorePixelsThanAllowed() {
        assertThatThrownBy(() -> new Framing.Keep(5).apply(grey(3, 2)))
                .hasMessage("image: 3x2 = 6 pixels (expected: at most 5, as maxPixels says)");
    }

    @Test
    void stretchesBothSides() {
        Framing.Stretch framing = new Framing.Stretch(6, 8);

        assertThat(framing.apply(grey(3, 2)).width()).isEqualTo(6);
        assertThat(framing.apply(grey(3, 2)).height()).isEqualTo(8);
        FrameMap map = framing.map(3, 2);
        assertThat(map.x(6)).isCloseTo(3, CLOSE);
        assertThat(map.y(4)).isCloseTo(1, CLOSE);
    }

    @Test
    void refusesStripesThatWouldGrowBeyondTheLimit() {
        assertThatThrownBy(() -> new Framing.Stretch(4096, 8).apply(grey(1, 60_000)))
                .hasMessage("image: 1x60000 pixels would be resized to 4096x60000 first"
                        + " (expected: at most 89478485 pixels)");
    }

    // Seen to fail when the image is put into the corner, and when the map forgets the bars.
    @Test
    void putsAnImageBetweenBars() {
        Framing.Letterbox framing = new Framing.Letterbox(8, 8, 114);

        Pixels boxed = framing.apply(grey(4, 2));

        for (int y = 0; y < 8; y++) {
            int expected = y < 2 || y > 5 ? 114 : 200;
            for (int x = 0; x < 8; x++) {
                assertThat(boxed.samples()[y * 8 + x] & 0xff).isEqualTo(expected);
            }
        }
        FrameMap map = framing.map(4, 2);
        assertThat(map.x(0)).isZero();
        assertThat(map.x(8)).isCloseTo(4, CLOSE);
        assertThat(map.y(2)).isZero();
        assertThat(map.y(6)).isCloseTo(2, CLOSE);
    }

    @Test
    void leavesAStripeAPixel() {
        Framing.Letterbox framing = new Framing.Letterbox(8, 8, 0);

        Pixels boxed = framing.apply(grey(1, 500));

        assertThat(boxed.width()).isEqualTo(8);
        assertThat(framing.map(1, 500).x(4)).isCloseTo(1, CLOSE);
    }

    private static Pixels grey(int width, int height) {
        byte[] samples = new byte[width * height];
        Arrays.fill(samples, (byte) 200);
        return new Pixels(width, height, 1, samples);
    }
}
