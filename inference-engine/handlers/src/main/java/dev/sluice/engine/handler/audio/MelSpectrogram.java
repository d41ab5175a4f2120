// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

/**
 * Loudness over mel bands and time: a periodic Hann window, centred and mirrored at the ends, squared magnitudes, and
 * triangular bands on the HTK mel scale that are not normalised.
 *
 * <p>Source: the definition of torchaudio's {@code transforms.MelSpectrogram} with its defaults, compared in {@code
 * MelSpectrogramTest}.
 *
 * <p><b>Threads:</b> confined to one thread.
 */
public final class MelSpectrogram {
    private final MelOptions options;
    private final double[] hann;
    private final Fourier fourier;
    /** Weight of each frequency in each band: {@code [mels][window / 2 + 1]}. */
    private final double[][] bands;

    private final double[] part;
    private final double[] power;

    public MelSpectrogram(MelOptions options) {
        this.options = options;
        int window = options.window();
        this.hann = new double[window];
        for (int i = 0; i < window; i++) {
            hann[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / window);
        }
        this.fourier = new Fourier(window);
        this.part = new double[window];
        this.power = new double[window / 2 + 1];
        this.bands = bands(options);
    }

    /**
     * The spectrogram {@code [mels, frames]} of {@code samples}, row by row.
     *
     * @param samples at least {@link MelOptions#fewestSamples}
     */
    public float[] of(float[] samples) {
        int frames = options.frames(samples.length);
        float[] result = new float[options.mels() * frames];
        for (int frame = 0; frame < frames; frame++) {
            int start = frame * options.hop() - options.window() / 2;
            for (int i = 0; i < part.length; i++) {
                part[i] = hann[i] * samples[mirrored(start + i, samples.length)];
            }
            fourier.power(part, power);
            for (int mel = 0; mel < options.mels(); mel++) {
                result[mel * frames + frame] = options.scale().of(sum(bands[mel]));
            }
        }
        return result;
    }

    private double sum(double[] band) {
        double sum = 0;
        for (int k = 0; k < power.length; k++) {
            sum += band[k] * power[k];
        }
        return sum;
    }

    /** The sample seen at {@code at} when the ends are mirrors that do not show the end itself twice. */
    private static int mirrored(int at, int length) {
        int inside = Math.abs(at);
        return inside < length ? inside : 2 * (length - 1) - inside;
    }

    private static double[][] bands(MelOptions options) {
        int frequencies = options.window() / 2 + 1;
        // As there: half the rate is a whole number of Hz, rounded down.
        int half = options.rate() / 2;
        double[] edges = new double[options.mels() + 2];
        double first = mel(options.lowest());
        double step = (mel(options.highest()) - first) / (options.mels() + 1);
        for (int i = 0; i < edges.length; i++) {
            edges[i] = 700 * (Math.pow(10, (first + i * step) / 2595) - 1);
        }
        double[][] bands = new double[options.mels()][frequencies];
        for (int mel = 0; mel < options.mels(); mel++) {
            for (int k = 0; k < frequencies; k++) {
                double hertz = (double) half * k / (frequencies - 1);
                double rising = (hertz - edges[mel]) / (edges[mel + 1] - edges[mel]);
                double falling = (edges[mel + 2] - hertz) / (edges[mel + 2] - edges[mel + 1]);
                bands[mel][k] = Math.max(0, Math.min(rising, falling));
            }
        }
        return bands;
    }

    private static double mel(double hertz) {
        return 2595 * Math.log10(1 + hertz / 700);
    }
}
