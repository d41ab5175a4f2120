// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import java.util.Arrays;

/**
 * Changes the sample rate of a sound: a low-pass filter just below half the smaller of the two rates, a sinc of six zero
 * crossings to each side under a Hann window.
 *
 * <p>Source: the definition of torchaudio's {@code functional.resample} with its defaults ({@code lowpass_filter_width=6},
 * {@code rolloff=0.99}, {@code sinc_interp_hann}), compared in {@code ResamplerTest}.
 */
public final class Resampler {
    private static final int CROSSINGS = 6;
    private static final double ROLL_OFF = 0.99;

    private final int from;
    private final int to;
    /** Source samples around a target sample that can weigh in, to each side. */
    private final int reach;
    /** Cut-off, in cycles per {@code from} source samples. */
    private final double cutOff;

    private Resampler(int from, int to) {
        this.from = from;
        this.to = to;
        this.cutOff = Math.min(from, to) * ROLL_OFF;
        this.reach = (int) Math.ceil(CROSSINGS * from / cutOff);
    }

    /** {@code sound} at {@code rate} samples a second, as many as cover it; itself if that is its rate. */
    public static Sound resample(Sound sound, int rate) {
        if (sound.rate() == rate) {
            return sound;
        }
        int divisor = greatestCommonDivisor(sound.rate(), rate);
        Resampler resampler = new Resampler(sound.rate() / divisor, rate / divisor);
        return new Sound(rate, resampler.apply(sound.samples()));
    }

    /** Target samples {@code to} apart lie alike between source samples, so they share their weights. */
    private float[] apply(float[] source) {
        long count = ((long) source.length * to + from - 1) / from;
        float[] target = new float[Math.toIntExact(count)];
        double[] weights = new double[2 * reach + 1];
        for (int phase = 0; phase < Math.min(to, target.length); phase++) {
            int centre = (int) ((long) phase * from / to);
            fill(weights, phase, centre);
            for (long i = phase, at = (long) centre - reach; i < target.length; i += to, at += from) {
                target[(int) i] = sum(source, weights, at);
            }
        }
        return target;
    }

    private void fill(double[] weights, int phase, int centre) {
        Arrays.setAll(weights, k -> {
            double position = (centre - reach + k) / (double) from - phase / (double) to;
            double crossings = position * cutOff;
            if (Math.abs(crossings) >= CROSSINGS) {
                return 0;
            }
            double window = Math.cos(crossings * Math.PI / CROSSINGS / 2);
            double angle = crossings * Math.PI;
            double sinc = angle == 0 ? 1 : Math.sin(angle) / angle;
            return sinc * window * window * cutOff / from;
        });
    }

    /** Before the first and after the last sample there is silence. */
    private static float sum(float[] source, double[] weights, long at) {
        double sum = 0;
        int first = (int) Math.max(0, -at);
        int end = (int) Math.min(weights.length, source.length - at);
        for (int k = first; k < end; k++) {
            sum += weights[k] * source[(int) at + k];
        }
        return (float) sum;
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
