// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;

/**
 * Resizes as Pillow's {@code Image.resize(size, BILINEAR)} does, to the bit: a triangle filter that widens with the
 * scale, so that shrinking averages all pixels, applied to columns and then to rows, each with 8-bit results.
 *
 * <p>Source: behaviour of Pillow ({@code src/libImaging/Resample.c}), compared in {@code BilinearResizeTest}.
 */
final class BilinearResize {
    private BilinearResize() {}

    /**
     * Columns are resized first, which makes a stripe as wide as wanted and as high as the image is.
     *
     * @throws ServingException {@code INVALID_INPUT} if that would have too many pixels
     */
    static void requireStripe(Pixels source, int width) {
        if ((long) width * source.height() > ImageDecoder.DEFAULT_MAX_PIXELS) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "image: " + source.width() + "x" + source.height() + " pixels would be resized to " + width + "x"
                            + source.height() + " first (expected: at most " + ImageDecoder.DEFAULT_MAX_PIXELS
                            + " pixels)");
        }
    }

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
