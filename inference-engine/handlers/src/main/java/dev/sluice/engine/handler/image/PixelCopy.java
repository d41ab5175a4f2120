// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.awt.image.BufferedImage;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.util.Arrays;

/**
 * Copies decoded samples as they are. {@code BufferedImage.getRGB} would convert them between colour spaces, and so change
 * grey values by their gamma.
 */
final class PixelCopy {
    /** Weights of red, green and blue in a grey value, in 65536ths, as Pillow's {@code convert("L")} has them. */
    private static final int RED = 19595;

    private static final int GREEN = 38470;
    private static final int BLUE = 7471;
    private static final int HALF = 0x8000;

    private final Raster raster;
    private final int bands;
    private final int[] bits;
    private final int channels;
    /** Colours of a palette as {@code channels} bytes each; empty when the samples are colours themselves. */
    private final byte[] palette;

    private PixelCopy(BufferedImage image, int channels) {
        this.raster = image.getRaster();
        this.bands = raster.getNumBands();
        this.bits = raster.getSampleModel().getSampleSize();
        this.channels = channels;
        this.palette = image.getColorModel() instanceof IndexColorModel colours ? colours(colours) : new byte[0];
    }

    /** The picture {@code encoded} describes, {@code decoded} being its frame; alpha is dropped, not blended. */
    static Pixels copy(BufferedImage decoded, EncodedImage encoded, int channels) throws UndecodableException {
        Window frame = encoded.frame();
        if (decoded.getWidth() != frame.width() || decoded.getHeight() != frame.height()) {
            throw new UndecodableException("an image whose headers contradict each other");
        }
        return new PixelCopy(decoded, channels).copy(encoded);
    }

    private Pixels copy(EncodedImage encoded) {
        Window frame = encoded.frame();
        byte[] samples = new byte[Math.toIntExact(encoded.pixelCount() * channels)];
        if (frame.width() != encoded.width() || frame.height() != encoded.height()) {
            fill(samples, encoded.fillIndex());
        }
        int[] line = new int[frame.width() * bands];
        for (int y = 0; y < frame.height(); y++) {
            readLine(y, line);
            writeLine(line, samples, ((frame.top() + y) * encoded.width() + frame.left()) * channels);
        }
        return new Pixels(encoded.width(), encoded.height(), channels, samples);
    }

    private void fill(byte[] samples, int index) {
        for (int i = 0; i < samples.length && palette.length > 0; i++) {
            samples[i] = palette[index * channels + i % channels];
        }
    }

    private void readLine(int y, int[] line) {
        SampleModel model = raster.getSampleModel();
        if (model instanceof ComponentSampleModel layout && raster.getDataBuffer() instanceof DataBufferByte data) {
            byte[] bytes = data.getData();
            for (int band = 0; band < bands; band++) {
                int from = data.getOffset() + y * layout.getScanlineStride() + layout.getBandOffsets()[band];
                for (int i = band; i < line.length; i += bands, from += layout.getPixelStride()) {
                    line[i] = bytes[from] & 0xff;
                }
            }
            return;
        }
        raster.getPixels(0, y, raster.getWidth(), 1, line);
        for (int i = 0; i < line.length && palette.length == 0; i++) {
            line[i] = toByte(line[i], bits[i % bands]);
        }
    }

    /**
     * As Pillow scales: 16-bit colour keeps its upper byte; 16-bit grey is <em>clipped</em> at 255, so that only dark
     * scans are of use; fewer than 8 bits are spread over 0..255.
     */
    private int toByte(int sample, int size) {
        if (size == 16) {
            return bands == 1 ? Math.min(sample, 255) : sample >>> 8;
        }
        return size < 8 ? sample * 255 / ((1 << size) - 1) : sample;
    }

    private void writeLine(int[] line, byte[] samples, int at) {
        int to = at;
        for (int i = 0; i < line.length; i += bands) {
            if (palette.length > 0) {
                System.arraycopy(palette, line[i] * channels, samples, to, channels);
            } else if (bands < 3) {
                Arrays.fill(samples, to, to + channels, (byte) line[i]);
            } else if (channels == 1) {
                samples[to] = grey(line[i], line[i + 1], line[i + 2]);
            } else {
                samples[to] = (byte) line[i];
                samples[to + 1] = (byte) line[i + 1];
                samples[to + 2] = (byte) line[i + 2];
            }
            to += channels;
        }
    }

    private byte[] colours(IndexColorModel model) {
        byte[] colours = new byte[256 * channels];
        for (int i = 0; i < Math.min(256, model.getMapSize()); i++) {
            if (channels == 1) {
                colours[i] = grey(model.getRed(i), model.getGreen(i), model.getBlue(i));
            } else {
                colours[i * 3] = (byte) model.getRed(i);
                colours[i * 3 + 1] = (byte) model.getGreen(i);
                colours[i * 3 + 2] = (byte) model.getBlue(i);
            }
        }
        return colours;
    }

    private static byte grey(int red, int green, int blue) {
        return (byte) ((red * RED + green * GREEN + blue * BLUE + HALF) >> 16);
    }
}
