// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

/** The fast Fourier transform in place, of a length that is a power of two. */
final class Radix2 {
    private final int length;
    private final double[] cosines;
    private final double[] sines;

    Radix2(int length) {
        this.length = length;
        this.cosines = new double[length / 2];
        this.sines = new double[length / 2];
        for (int k = 0; k < length / 2; k++) {
            cosines[k] = Math.cos(2 * Math.PI * k / length);
            sines[k] = -Math.sin(2 * Math.PI * k / length);
        }
    }

    void transform(double[] re, double[] im) {
        reverseBits(re, im);
        for (int half = 1; half < length; half *= 2) {
            int step = length / (2 * half);
            for (int start = 0; start < length; start += 2 * half) {
                for (int k = 0; k < half; k++) {
                    butterfly(re, im, start + k, half, k * step);
                }
            }
        }
    }

    private void butterfly(double[] re, double[] im, int at, int half, int turn) {
        int other = at + half;
        double real = re[other] * cosines[turn] - im[other] * sines[turn];
        double imaginary = re[other] * sines[turn] + im[other] * cosines[turn];
        re[other] = re[at] - real;
        im[other] = im[at] - imaginary;
        re[at] += real;
        im[at] += imaginary;
    }

    private void reverseBits(double[] re, double[] im) {
        int shift = Integer.numberOfLeadingZeros(length) + 1;
        for (int i = 0; i < length; i++) {
            int j = shift == Integer.SIZE ? 0 : Integer.reverse(i) >>> shift;
            if (j > i) {
                swap(re, i, j);
                swap(im, i, j);
            }
        }
    }

    private static void swap(double[] values, int i, int j) {
        double value = values[i];
        values[i] = values[j];
        values[j] = value;
    }
}
