// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damages every kind of file in many ways: each must give an image or an {@code INVALID_INPUT}, and nothing else. */
class ImageDecoderFuzzTest {
    private static final int MUTATIONS = 600;
    private static final long MAX_PIXELS = 1_000_000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "grey8.png",
                "bw.png",
                "grey16.png",
                "rgb8.png",
                "rgba16.png",
                "rgb8-interlaced.png",
                "palette2.png",
                "palette8-trns.png",
                "rgb8-gama-text.png",
                "rgb-420.jpg",
                "progressive.jpg",
                "grey.jpg",
                "profile.jpg",
                "restarts.jpg",
                "plain-rgb.jpg",
                "cmyk.jpeg",
                "palette.gif",
                "interlaced.gif",
                "partial-transparent.gif",
                "two-frames.gif",
                "rgb24.bmp",
                "rgba32.bmp",
                "palette4.bmp",
                "rgb565.bmp",
                "rle8.bmp",
                "bw.bmp"
            })
    void onlyRefusesWhatItCannotDecode(String file) {
        byte[] whole = References.file(file);
        Random random = new Random(file.hashCode());
        try (ImageDecoder decoder = new ImageDecoder(MAX_PIXELS)) {
            for (int i = 0; i < MUTATIONS; i++) {
                decode(decoder, mutate(whole, random), 1 + 2 * random.nextInt(2));
            }
        }
    }

    private static void decode(ImageDecoder decoder, byte[] file, int channels) {
        try {
            Pixels pixels = decoder.decode(file, channels);
            assertThat(pixels.width() * pixels.height()).isBetween(1, (int) MAX_PIXELS);
        } catch (ServingException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT);
        }
    }

    private static byte[] mutate(byte[] whole, Random random) {
        byte[] file = whole.clone();
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            // Headers decide most, so half of the changes go there.
            int reach = random.nextBoolean() ? Math.min(64, file.length) : file.length;
            int at = random.nextInt(reach);
            switch (random.nextInt(4)) {
                case 0 -> file[at] = (byte) random.nextInt(256);
                case 1 -> file[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> file[at] = random.nextBoolean() ? (byte) 0xff : 0;
                default -> file = Arrays.copyOf(file, Math.max(1, file.length - random.nextInt(40)));
            }
        }
        return file;
    }
}
