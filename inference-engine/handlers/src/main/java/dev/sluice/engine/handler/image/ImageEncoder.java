// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** What an image is sent as. Files are made in memory, so no temporary ones are. */
public enum ImageEncoder {
    PNG("image/png") {
        @Override
        public byte[] encode(Pixels image) {
            return PngWriter.write(image);
        }
    },
    JPEG("image/jpeg") {
        @Override
        public byte[] encode(Pixels image) {
            return jpeg(image);
        }
    };

    /** Where artefacts are hard to see and files still small. */
    private static final float JPEG_QUALITY = 0.92f;

    private final String mediaType;

    ImageEncoder(String mediaType) {
        this.mediaType = mediaType;
    }

    public String mediaType() {
        return mediaType;
    }

    /** The file. */
    public abstract byte[] encode(Pixels image);

    private static byte[] jpeg(Pixels image) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(file)) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(JPEG_QUALITY);
            writer.setOutput(out);
            writer.write(null, new IIOImage(buffered(image), null, null), parameters);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    /** The same samples, not copied. */
    private static BufferedImage buffered(Pixels image) {
        int channels = image.channels();
        int[] offsets = channels == 1 ? new int[] {0} : new int[] {0, 1, 2};
        DataBufferByte data = new DataBufferByte(image.samples(), image.samples().length);
        ColorSpace colours = ColorSpace.getInstance(channels == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        return new BufferedImage(
                new ComponentColorModel(colours, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE),
                Raster.createInterleavedRaster(
                        data,
                        image.width(),
                        image.height(),
                        image.width() * channels,
                        channels,
                        offsets,
                        new Point(0, 0)),
                false,
                null);
    }
}
