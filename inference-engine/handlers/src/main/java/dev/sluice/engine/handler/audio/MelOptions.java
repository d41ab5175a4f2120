// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

/**
 * The numbers that define a mel spectrogram.
 *
 * @param rate samples per second of the sound
 * @param window samples per transform, {@code n_fft}
 * @param hop samples from one transform to the next
 * @param mels bands
 * @param lowest frequency of the first band, in Hz
 * @param highest frequency of the last band, in Hz; above {@code lowest}
 */
public record MelOptions(int rate, int window, int hop, int mels, double lowest, double highest, MelScale scale) {
    /** Columns of the spectrogram of so many samples, which are centred on samples 0, hop, 2 hop and so on. */
    public int frames(int samples) {
        return 1 + samples / hop;
    }

    /** The fewest samples a spectrogram can be made of: they are mirrored at both ends. */
    public int fewestSamples() {
        return window / 2 + 1;
    }
}
