// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

/**
 * The discrete Fourier transform of one length: radix 2 where the length is a power of two, else Bluestein's, which turns it
 * into a convolution of such a length.
 *
 * <p><b>Threads:</b> confined to one thread, for its scratch space.
 */
final class Fourier {
    private final int length;
    private final Radix2 radix2;
    private final boolean isDirect;
    /** {@code exp(-i pi k^2 / length)}. */
    private final double[] chirpRe;

    private final double[] chirpIm;
    /** Transform of the conjugate chirp, both ways around zero. */
    private final double[] filterRe;

    private final double[] filterIm;
    private final double[] re;
    private final double[] im;

    Fourier(int length) {
        this.length = length;
        this.isDirect = Integer.bitCount(length) == 1;
        int size = isDirect ? length : Integer.highestOneBit(2 * length - 1) * 2;
        this.radix2 = new Radix2(size);
        this.chirpRe = new double[length];
        this.chirpIm = new double[length];
        this.filterRe = new double[size];
        this.filterIm = new double[size];
        this.re = new double[size];
        this.im = new double[size];
        if (!isDirect) {
            prepare(size);
        }
    }

    private void prepare(int size) {
        for (int k = 0; k < length; k++) {
            // k^2 is taken modulo the period, or large k would lose digits.
            double angle = Math.PI * ((long) k * k % (2L * length)) / length;
            chirpRe[k] = Math.cos(angle);
            chirpIm[k] = -Math.sin(angle);
            filterRe[k] = chirpRe[k];
            filterIm[k] = -chirpIm[k];
            if (k > 0) {
                filterRe[size - k] = chirpRe[k];
                filterIm[size - k] = -chirpIm[k];
            }
        }
        radix2.transform(filterRe, filterIm);
    }

    /** Writes the squared magnitudes of the first {@code length / 2 + 1} frequencies of {@code samples} to {@code power}. */
    void power(double[] samples, double[] power) {
        for (int k = 0; k < re.length; k++) {
            double value = k < length ? samples[k] : 0;
            re[k] = isDirect || k >= length ? value : value * chirpRe[k];
            im[k] = isDirect || k >= length ? 0 : value * chirpIm[k];
        }
        radix2.transform(re, im);
        if (!isDirect) {
            convolve();
        }
        // The last chirp is a turn only, which magnitudes do not see.
        for (int k = 0; k < power.length; k++) {
            power[k] = re[k] * re[k] + im[k] * im[k];
        }
    }

    /** Backwards by swapping real and imaginary parts. */
    private void convolve() {
        for (int k = 0; k < re.length; k++) {
            double real = re[k] * filterRe[k] - im[k] * filterIm[k];
            im[k] = re[k] * filterIm[k] + im[k] * filterRe[k];
            re[k] = real;
        }
        radix2.transform(im, re);
        for (int k = 0; k < re.length; k++) {
            re[k] /= re.length;
            im[k] /= re.length;
        }
    }
}
