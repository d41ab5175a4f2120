// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * ImageIO's reader of one format, kept because looking one up costs more than reading a small image.
 *
 * <p><b>Threads:</b> confined to one thread.
 *
 * <p><b>Ownership:</b> owns the reader, which holds native memory; {@link #close()} gives it back.
 */
final class FormatReader implements AutoCloseable {
    private final ImageReader reader;
    private final MemoryImageInput input = new MemoryImageInput();

    FormatReader(ImageFormat format) {
        this.reader = ImageIO.getImageReadersByFormatName(format.readerName()).next();
    }

    /**
     * The first picture in {@code bytes}. After an exception the reader is in no known state, so it must be closed.
     *
     * @throws RuntimeException of any kind: the JDK's readers do not check all they read
     */
    BufferedImage read(byte[] bytes) throws IOException {
        input.refill(bytes);
        reader.setInput(input, true, true);
        BufferedImage image = reader.read(0);
        reader.setInput(null);
        input.clear();
        return image;
    }

    @Override
    public void close() {
        reader.dispose();
    }
}
