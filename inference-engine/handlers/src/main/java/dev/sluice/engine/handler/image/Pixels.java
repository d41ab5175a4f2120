// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.util.Arrays;

/**
 * A decoded image: 8-bit samples {@code [height, width, channels]}, row by row from the top, channels side by side.
 *
 * <p><b>Ownership:</b> the samples are shared, not copied; nobody writes them after they were handed over.
 *
 * @param channels 1 for grey, 3 for red, green, blue
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
public record Pixels(int width, int height, int channels, byte[] samples) {
    public Pixels {
        if (samples.length != width * height * channels) {
            throw new IllegalArgumentException("samples: " + samples.length + " (expected: "
                    + (long) width * height * channels + " for " + width + "x" + height + "x" + channels + ")");
        }
    }

    /** An image of {@code wide} x {@code high}, all {@code fill}, with this one on it; it must not reach over an edge. */
    Pixels on(int wide, int high, int left, int top, byte fill) {
        byte[] all = new byte[Math.toIntExact((long) wide * high * channels)];
        Arrays.fill(all, fill);
        for (int y = 0; y < height; y++) {
            int at = ((top + y) * wide + left) * channels;
            System.arraycopy(samples, y * width * channels, all, at, width * channels);
        }
        return new Pixels(wide, high, channels, all);
    }
}
