// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The blocks of a GIF file up to its first frame, the only one a still picture has use for.
 *
 * <p>Source: GIF89a specification, sections 18 to 23.
 */
final class GifFile {
    private static final int SCREEN_AT = 6;
    private static final int HEADER_BYTES = 13;
    private static final int HAS_PALETTE = 0x80;
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int IMAGE = 0x2c;

    private GifFile() {}

    /** A frame that reaches over the logical screen makes the picture larger, as in Pillow. */
    static EncodedImage parse(byte[] file) throws UndecodableException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int screenWidth = in.getShort(SCREEN_AT) & 0xffff;
        int screenHeight = in.getShort(SCREEN_AT + 2) & 0xffff;
        in.position(HEADER_BYTES + paletteBytes(in.get(SCREEN_AT + 4)));
        int transparent = 0;
        int block = in.get() & 0xff;
        while (block == EXTENSION) {
            boolean isControl = (in.get() & 0xff) == GRAPHIC_CONTROL;
            if (isControl && (in.get(in.position() + 1) & 1) != 0) {
                transparent = in.get(in.position() + 4) & 0xff;
            }
            skipBlocks(in);
            block = in.get() & 0xff;
        }
        if (block != IMAGE) {
            throw new UndecodableException("a GIF without a frame");
        }
        Window frame = new Window(unsigned(in), unsigned(in), unsigned(in), unsigned(in));
        int width = Math.max(screenWidth, frame.left() + frame.width());
        int height = Math.max(screenHeight, frame.top() + frame.height());
        return new EncodedImage(ImageFormat.GIF, file, width, height, frame, transparent);
    }

    private static int paletteBytes(byte flags) {
        return (flags & HAS_PALETTE) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    private static void skipBlocks(ByteBuffer in) {
        int length = in.get() & 0xff;
        while (length > 0) {
            in.position(in.position() + length);
            length = in.get() & 0xff;
        }
    }

    private static int unsigned(ByteBuffer in) {
        return in.getShort() & 0xffff;
    }
}
