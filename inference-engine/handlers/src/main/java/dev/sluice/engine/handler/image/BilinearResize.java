// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

/**
 * Resizes as Pillow's {@code Image.resize(size, BILINEAR)} does, to the bit: a triangle filter that widens with the
 * scale, so that shrinking averages all pixels, applied to columns and then to rows, each with 8-bit results.
 *
 * <p>Source: behaviour of Pillow ({@code src/libImaging/Resample.c}), compared in {@code BilinearResizeTest}.
 */
final class BilinearResize {
    private BilinearResize() {}

    /** The part {@code window} of {@code source} resized to {@code width} x {@code height}; the rest is not computed. */
    static Pixels resize(Pixels source, int width, int height, Window window) {
        TriangleWeights columns = TriangleWeights.of(source.width(), width, window.left(), window.width());
        TriangleWeights rows = TriangleWeights.of(source.height(), height, window.top(), window.height());
        int firstRow = rows.from(0);
        int rowCount = rows.end(window.height() - 1) - firstRow;
        Pixels narrow = resizeColumns(source, columns, firstRow, rowCount);
        return resizeRows(narrow, rows, firstRow);
    }

    private static Pixels resizeColumns(Pixels source, TriangleWeights weights, int firstRow, int rowCount) {
        int channels = source.channels();
        int width = weights.count();
        byte[] from = source.samples();
        byte[] to = new byte[width * rowCount * channels];
        int at = 0;
        for (int y = 0; y < rowCount; y++) {
            int line = (firstRow + y) * source.width();
            for (int x = 0; x < width; x++) {
                int start = (line + weights.from(x)) * channels;
                if (channels == 3) {
                    weights.sumColours(x, from, start, to, at);
                } else {
                    to[at] = weights.sum(x, from, start);
                }
                at += channels;
            }
        }
        return new Pixels(width, rowCount, channels, to);
    }

    private static Pixels resizeRows(Pixels source, TriangleWeights weights, int firstRow) {
        int stride = source.width() * source.channels();
        byte[] from = source.samples();
        byte[] to = new byte[weights.count() * stride];
        int[] sums = new int[stride];
        for (int y = 0; y < weights.count(); y++) {
            weights.sumRows(y, from, (weights.from(y) - firstRow) * stride, sums);
            for (int i = 0; i < stride; i++) {
                to[y * stride + i] = TriangleWeights.round(sums[i]);
            }
        }
        return new Pixels(source.width(), weights.count(), source.channels(), to);
    }
}
