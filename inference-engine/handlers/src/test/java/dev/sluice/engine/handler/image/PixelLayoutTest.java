// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PixelLayoutTest {
    private static final float[] NONE = {0, 0, 0};
    private static final float[] ONE = {1, 1, 1};
    private static final Pixels TWO = new Pixels(2, 1, 3, new byte[] {0, 10, (byte) 255, (byte) 128, 20, 1});

    // Seen to fail when channels come last.
    @Test
    void writesPlanesAsTorchDoes() {
        PixelLayout layout = new PixelLayout(false, DataType.FP32, ValueRange.UNIT, NONE, ONE);

        assertThat(floats(layout)).containsExactly(0f, 128 / 255f, 10 / 255f, 20 / 255f, 1f, 1 / 255f);
        assertThat(layout.row(2, 1)).isEqualTo(Shape.of(3, 1, 2));
    }

    @Test
    void writesPixelsAsTensorFlowDoes() {
        PixelLayout layout = new PixelLayout(true, DataType.FP32, ValueRange.BYTE, NONE, ONE);

        assertThat(floats(layout)).containsExactly(0f, 10f, 255f, 128f, 20f, 1f);
        assertThat(layout.row(2, 1)).isEqualTo(Shape.of(1, 2, 3));
    }

    @Test
    void normalisesWhatIsInRange() {
        float[] mean = {0, 0.5f, -1};
        float[] std = {1, 2, 4};
        PixelLayout layout = new PixelLayout(true, DataType.FP32, ValueRange.SIGNED, mean, std);

        assertThat(floats(layout))
                .containsExactly(
                        new float[] {
                            -1,
                            (10 / 127.5f - 1.5f) / 2,
                            0.5f,
                            128 / 127.5f - 1,
                            (20 / 127.5f - 1.5f) / 2,
                            1 / 127.5f / 4
                        },
                        Offset.offset(1e-6f));
    }

    @Test
    void writesBytes() {
        assertThat(bytes(new PixelLayout(true, DataType.UINT8, ValueRange.UNIT, NONE, ONE), 6))
                .containsExactly(0, 10, 255, 128, 20, 1);
        assertThat(bytes(new PixelLayout(false, DataType.UINT8, ValueRange.UNIT, NONE, ONE), 6))
                .containsExactly(0, 128, 10, 20, 255, 1);
    }

    @Test
    void writesImagesLargerThanItsScratchSpace() {
        Pixels large = new Pixels(100, 50, 3, new byte[15_000]);
        large.samples()[14_999] = (byte) 255;
        ByteBuffer target = ByteBuffer.allocate(60_000).order(ByteOrder.LITTLE_ENDIAN);

        new PixelLayout(false, DataType.FP32, ValueRange.UNIT, NONE, ONE).write(large, target);

        assertThat(target.hasRemaining()).isFalse();
        assertThat(target.getFloat(59_996)).isEqualTo(1);
        assertThat(target.getFloat(59_992)).isZero();
    }

    // Seen to fail when values are not clipped, and when they are cut instead of rounded.
    @Test
    void clipsWhatIsOutOfRange() {
        assertThat(ValueRange.UNIT.sample(2)).isEqualTo((byte) 255);
        assertThat(ValueRange.UNIT.sample(-1)).isZero();
        assertThat(ValueRange.BYTE.sample(127.6)).isEqualTo((byte) 128);
        assertThat(ValueRange.SIGNED.sample(0.2)).isEqualTo((byte) 153);
        assertThat(ValueRange.BYTE.sample(Double.NaN)).isZero();
        assertThat(ValueRange.UNIT.sample(Double.POSITIVE_INFINITY)).isEqualTo((byte) 255);
    }

    private static float[] floats(PixelLayout layout) {
        ByteBuffer target = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        layout.write(TWO, target);
        assertThat(target.hasRemaining()).isFalse();
        float[] values = new float[6];
        target.flip().asFloatBuffer().get(values);
        return values;
    }

    private static int[] bytes(PixelLayout layout, int count) {
        ByteBuffer target = ByteBuffer.allocate(count);
        layout.write(TWO, target);
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = target.get(i) & 0xff;
        }
        return values;
    }
}
