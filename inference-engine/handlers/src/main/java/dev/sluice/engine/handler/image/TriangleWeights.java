// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.util.Arrays;

/**
 * Which source samples make up each target sample along one axis, and by how much, in fixed point.
 *
 * <p>A sample of 8 bits times weights that sum to 1 needs 8 bits and 2 more for rounding and overshoot, which leaves 22 of
 * 32 for the fraction.
 */
final class TriangleWeights {
    private static final int FRACTION_BITS = 32 - 8 - 2;

    private static final int HALF = 1 << (FRACTION_BITS - 1);

    private final int count;
    private final int[] from;
    private final int[] lengths;
    /** Room for {@code stride} weights per target sample. */
    private final int[] weights;

    private final int stride;

    private TriangleWeights(int count, int stride) {
        this.count = count;
        this.stride = stride;
        this.from = new int[count];
        this.lengths = new int[count];
        this.weights = new int[count * stride];
    }

    /** Weights of the target samples {@code first} to {@code first + count} when {@code source} samples become {@code target}. */
    static TriangleWeights of(int source, int target, int first, int count) {
        double scale = (double) source / target;
        // Enlarging keeps the triangle one sample wide on each side; shrinking widens it.
        double support = Math.max(scale, 1.0);
        TriangleWeights result = new TriangleWeights(count, Math.min(source, (int) Math.ceil(support) * 2 + 1));
        double[] line = new double[result.stride];
        for (int i = 0; i < count; i++) {
            // No pass at all when nothing changes, as in Pillow: same numbers, since a lone weight rounds to itself.
            double centre = (first + i + 0.5) * scale;
            int start = Math.max(0, (int) (centre - support + 0.5));
            int end = Math.min(source, (int) (centre + support + 0.5));
            result.set(i, start, end, centre, support, line);
        }
        return result;
    }

    private void set(int i, int start, int end, double centre, double support, double[] line) {
        double sum = 0;
        for (int x = start; x < end; x++) {
            double distance = Math.abs((x - centre + 0.5) * (1.0 / support));
            line[x - start] = distance < 1.0 ? 1.0 - distance : 0.0;
            sum += line[x - start];
        }
        from[i] = start;
        lengths[i] = end - start;
        for (int k = 0; k < end - start; k++) {
            double weight = sum == 0 ? line[k] : line[k] / sum;
            weights[i * stride + k] = (int) (0.5 + weight * (1 << FRACTION_BITS));
        }
    }

    /** Number of target samples. */
    int count() {
        return count;
    }

    /** First source sample that target sample {@code i} is made of. */
    int from(int i) {
        return from[i];
    }

    /** One past the last source sample that target sample {@code i} is made of. */
    int end(int i) {
        return from[i] + lengths[i];
    }

    /** Target sample {@code i}, its source samples following each other from {@code start} on. */
    byte sum(int i, byte[] samples, int start) {
        int sum = HALF;
        for (int k = 0; k < lengths[i]; k++) {
            sum += (samples[start + k] & 0xff) * weights[i * stride + k];
        }
        return round(sum);
    }

    /** The three samples of target pixel {@code i}, in one walk over its source pixels, which is faster than three. */
    void sumColours(int i, byte[] samples, int start, byte[] target, int targetAt) {
        int red = HALF;
        int green = HALF;
        int blue = HALF;
        int at = start;
        int last = i * stride + lengths[i];
        for (int k = i * stride; k < last; k++) {
            int weight = weights[k];
            red += (samples[at] & 0xff) * weight;
            green += (samples[at + 1] & 0xff) * weight;
            blue += (samples[at + 2] & 0xff) * weight;
            at += 3;
        }
        target[targetAt] = round(red);
        target[targetAt + 1] = round(green);
        target[targetAt + 2] = round(blue);
    }

    /** Target row {@code i}, not yet rounded, its source rows following each other from {@code start} on. */
    void sumRows(int i, byte[] samples, int start, int[] sums) {
        Arrays.fill(sums, HALF);
        int at = start;
        for (int k = 0; k < lengths[i]; k++) {
            int weight = weights[i * stride + k];
            for (int x = 0; x < sums.length; x++) {
                sums[x] += (samples[at + x] & 0xff) * weight;
            }
            at += sums.length;
        }
    }

    /** The sample a sum stands for. */
    static byte round(int sum) {
        int value = sum >> FRACTION_BITS;
        return (byte) Math.max(0, Math.min(255, value));
    }
}
