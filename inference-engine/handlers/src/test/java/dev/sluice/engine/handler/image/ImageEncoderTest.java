// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageEncoderTest {
    // Seen to fail when the filter looks at the byte to the left instead of the pixel.
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void writesPngThatReadsBackAsItWas(int channels) throws IOException {
        Pixels image = ramp(37, 23, channels);

        byte[] file = ImageEncoder.PNG.encode(image);

        assertThat(decode(file, channels).samples()).isEqualTo(image.samples());
        assertThat(ImageIO.read(new ByteArrayInputStream(file)).getWidth()).isEqualTo(37);
        assertThat(ImageEncoder.PNG.mediaType()).isEqualTo("image/png");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void writesJpegThatLooksAsItWas(int channels) {
        Pixels image = ramp(64, 48, channels);

        byte[] file = ImageEncoder.JPEG.encode(image);

        Pixels read = decode(file, channels);
        assertThat(file[0]).isEqualTo((byte) 0xff);
        assertThat(read.width()).isEqualTo(64);
        for (int i = 0; i < image.samples().length; i++) {
            assertThat(Math.abs((read.samples()[i] & 0xff) - (image.samples()[i] & 0xff)))
                    .isLessThan(24);
        }
    }

    @Test
    void tellsTheSizeOfEveryFileItDecodes() {
        for (String name : List.of("rgb8.png", "grey.jpg", "partial.gif", "rle8.bmp", "rgb8-interlaced.png")) {
            byte[] file = References.file(name);
            Pixels image = decode(file, 3);
            try (ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS)) {
                assertThat(decoder.frame(file)).isEqualTo(Window.all(image.width(), image.height()));
            }
        }
    }

    private static Pixels decode(byte[] file, int channels) {
        try (ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS)) {
            return decoder.decode(file, channels);
        }
    }

    /** Smooth, and different in each channel. */
    private static Pixels ramp(int width, int height, int channels) {
        byte[] samples = new byte[width * height * channels];
        for (int i = 0; i < samples.length; i++) {
            int pixel = i / channels;
            samples[i] = (byte) (pixel % width * 2 + pixel / width + i % channels * 20);
        }
        return new Pixels(width, height, channels, samples);
    }
}
