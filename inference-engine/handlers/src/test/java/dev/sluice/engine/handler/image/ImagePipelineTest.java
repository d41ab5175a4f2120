// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImagePipelineTest {
    private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] STD = {0.229f, 0.224f, 0.225f};

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void cutsTheCentreAsTheOriginalDoes(String file, String sha256) throws NoSuchAlgorithmException {
        ImagePipeline pipeline = new ImagePipeline(224, 224, new Fit.ShorterSide(256), MEAN, STD);

        Pixels fitted = pipeline.fit(decode(file, 3));

        byte[] digest = MessageDigest.getInstance("SHA-256").digest(fitted.samples());
        assertThat(HexFormat.of().formatHex(digest)).isEqualTo(sha256);
    }

    static Stream<Arguments> cutsTheCentreAsTheOriginalDoes() {
        return StreamSupport.stream(References.all().path("cropped").spliterator(), false)
                .map(ImagePipelineTest::crop);
    }

    private static Arguments crop(JsonNode node) {
        return Arguments.of(node.path("file").asText(), node.path("sha256").asText());
    }

    @Test
    void stretchesToTheWantedSize() {
        ImagePipeline pipeline = new ImagePipeline(5, 3, new Fit.Stretch(), new float[] {0}, new float[] {1});

        Pixels fitted = pipeline.fit(decode("grey8.png", 1));

        assertThat(fitted.width()).isEqualTo(5);
        assertThat(fitted.height()).isEqualTo(3);
    }

    @Test
    void writesNormalisedPlanes() {
        ImagePipeline pipeline = new ImagePipeline(2, 1, new Fit.Stretch(), MEAN, STD);
        ByteBuffer target = ByteBuffer.allocate(4 + 6 * 4).order(ByteOrder.LITTLE_ENDIAN);
        target.position(4);

        pipeline.write(new Pixels(2, 1, 3, new byte[] {0, 10, (byte) 255, (byte) 128, 20, 1}), target);

        assertThat(target.hasRemaining()).isFalse();
        int[] samples = {0, 128, 10, 20, 255, 1};
        for (int i = 0; i < samples.length; i++) {
            float expected = (samples[i] / 255f - MEAN[i / 2]) / STD[i / 2];
            assertThat(target.getFloat(4 + i * 4)).isEqualTo(expected);
        }
    }

    @Test
    void refusesStripesThatWouldGrowBeyondTheLimit() {
        ImagePipeline pipeline =
                new ImagePipeline(224, 224, new Fit.ShorterSide(256), new float[] {0}, new float[] {1});
        Pixels stripe = new Pixels(60_000, 1, 1, new byte[60_000]);

        assertThatThrownBy(() -> pipeline.fit(stripe))
                .hasMessage(
                        "image: 60000x1 pixels would be resized to 256x15360000 (expected: at most 89478485 pixels)");
    }

    /** Seen to fail without the bound: a small file would take 700 MB. */
    @Test
    void refusesToStretchStripesBeyondTheLimit() {
        ImagePipeline pipeline = new ImagePipeline(4096, 8, new Fit.Stretch(), new float[] {0}, new float[] {1});
        Pixels stripe = new Pixels(1, 60_000, 1, new byte[60_000]);

        assertThatThrownBy(() -> pipeline.fit(stripe))
                .hasMessage("image: 1x60000 pixels would be resized to 4096x60000 first"
                        + " (expected: at most 89478485 pixels)");
    }

    private static Pixels decode(String file, int channels) {
        try (ImageDecoder decoder = new ImageDecoder(ImageDecoder.DEFAULT_MAX_PIXELS)) {
            return decoder.decode(References.file(file), channels);
        }
    }
}
