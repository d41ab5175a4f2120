// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;

/**
 * How the pixels of an image of any size are written for a model: in which order, as bytes or floats, and over which range.
 *
 * @see ImagePipeline for images of one size
 */
public final class PixelLayout {
    /** Floats written at once: one by one would be slower, all at once would take the image's size again. */
    private static final int PART = 4096;

    private final boolean channelsLast;
    private final DataType type;
    private final int channels;
    /** What is written for each sample value, but for bytes: {@code [channels][256]}. */
    private final float[][] values;

    /**
     * @param channelsLast whether a row is {@code [height, width, channels]}, else {@code [channels, height, width]}
     * @param type {@code FP32}, or {@code UINT8} for samples as they are
     * @param range what samples of 0..255 become
     * @param mean one per channel, taken off values in the range
     * @param std one per channel, what they are then divided by
     */
    public PixelLayout(boolean channelsLast, DataType type, ValueRange range, float[] mean, float[] std) {
        this.channelsLast = channelsLast;
        this.type = type;
        this.channels = mean.length;
        this.values = new float[channels][256];
        for (int channel = 0; channel < channels; channel++) {
            for (int value = 0; value < 256; value++) {
                values[channel][value] = (range.of(value) - mean[channel]) / std[channel];
            }
        }
    }

    public int channels() {
        return channels;
    }

    public DataType type() {
        return type;
    }

    public boolean isChannelsLast() {
        return channelsLast;
    }

    /** The shape of one row; a size of {@link Shape#ANY} stays that. */
    public Shape row(long width, long height) {
        return channelsLast ? Shape.of(height, width, channels) : Shape.of(channels, height, width);
    }

    /** Writes {@code image} as one row; {@code target} is little-endian and moves on by its size. */
    public void write(Pixels image, ByteBuffer target) {
        if (channelsLast) {
            writeRun(image.samples(), 0, 1, target);
            return;
        }
        for (int channel = 0; channel < channels; channel++) {
            writeRun(image.samples(), channel, channels, target);
        }
    }

    /** Samples {@code from}, {@code from + step} and so on. */
    private void writeRun(byte[] samples, int from, int step, ByteBuffer target) {
        if (type == DataType.UINT8) {
            for (int at = from; at < samples.length; at += step) {
                target.put(samples[at]);
            }
            return;
        }
        float[] part = new float[PART];
        int size = 0;
        for (int at = from; at < samples.length; at += step) {
            part[size++] = values[at % channels][samples[at] & 0xff];
            if (size == PART || at + step >= samples.length) {
                target.asFloatBuffer().put(part, 0, size);
                target.position(target.position() + size * Float.BYTES);
                size = 0;
            }
        }
    }
}
