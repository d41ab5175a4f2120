// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import java.nio.ByteBuffer;

/**
 * How the samples of a WAV file are written.
 *
 * @param isFloat whether they are IEEE floats, else integers; those of 8 bits are unsigned
 * @param bytes of one sample
 */
record WavFormat(boolean isFloat, int bytes, int channels, int rate) {
    private static final int PCM = 1;
    private static final int FLOAT = 3;
    private static final int EXTENSIBLE = 0xfffe;
    private static final int MAX_CHANNELS = 64;
    private static final int MIN_RATE = 1_000;
    private static final int MAX_RATE = 768_000;
    /** Where an extensible format names the plain one: the first two bytes of a GUID, the rest of which is fixed. */
    private static final int SUB_FORMAT_AT = 24;

    /**
     * The format a {@code fmt} chunk describes.
     *
     * @throws java.nio.BufferUnderflowException if the chunk is cut short
     */
    static WavFormat read(ByteBuffer chunk) {
        int code = chunk.getShort() & 0xffff;
        int channels = chunk.getShort() & 0xffff;
        long rate = chunk.getInt() & 0xffffffffL;
        chunk.getInt();
        int frameBytes = chunk.getShort() & 0xffff;
        int bits = chunk.getShort() & 0xffff;
        if (code == EXTENSIBLE) {
            chunk.position(Math.min(chunk.limit(), SUB_FORMAT_AT));
            code = chunk.getShort() & 0xffff;
        }
        boolean isInteger = code == PCM && (bits == 8 || bits == 16 || bits == 24 || bits == 32);
        boolean isFloat = code == FLOAT && (bits == 32 || bits == 64);
        if (!isInteger && !isFloat) {
            throw WavFile.unreadable("format " + code + " of " + bits + " bits");
        }
        if (channels < 1 || channels > MAX_CHANNELS || frameBytes != channels * bits / 8) {
            throw WavFile.unreadable(channels + " channels in frames of " + frameBytes + " bytes");
        }
        if (rate < MIN_RATE || rate > MAX_RATE) {
            throw WavFile.unreadable(rate + " samples a second, not " + MIN_RATE + ".." + MAX_RATE);
        }
        return new WavFormat(isFloat, bits / 8, channels, (int) rate);
    }

    /** The mean of the channels. What is left over after the last whole frame is dropped, as most readers do. */
    Sound decode(ByteBuffer data, double maxSeconds) {
        int whole = data.remaining() / (bytes * channels);
        int frames = (int) Math.min(whole, Math.ceil(maxSeconds * rate));
        if (frames == 0) {
            throw WavFile.unreadable("a WAV file without samples");
        }
        float[] samples = new float[frames];
        for (int frame = 0; frame < frames; frame++) {
            double sum = 0;
            for (int channel = 0; channel < channels; channel++) {
                sum += sample(data);
            }
            samples[frame] = (float) (sum / channels);
            if (!Float.isFinite(samples[frame])) {
                throw WavFile.unreadable("a sample that is " + samples[frame]);
            }
        }
        return new Sound(rate, samples);
    }

    private double sample(ByteBuffer data) {
        if (isFloat) {
            return bytes == Float.BYTES ? data.getFloat() : data.getDouble();
        }
        return switch (bytes) {
            case 1 -> ((data.get() & 0xff) - 128) / 128.0;
            case 2 -> data.getShort() / 32_768.0;
            case 3 -> ((data.getShort() & 0xffff) | data.get() << 16) / 8_388_608.0;
            default -> data.getInt() / 2_147_483_648.0;
        };
    }
}
