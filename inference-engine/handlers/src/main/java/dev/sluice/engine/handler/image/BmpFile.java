// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The header of a Windows bitmap.
 *
 * <p>Source: Microsoft, "Bitmap Header Types" (BITMAPCOREHEADER to BITMAPV5HEADER).
 */
final class BmpFile {
    private static final int INFO_AT = 14;
    private static final int CORE_HEADER = 12;
    /** From this header on there is a colour space, which may name a profile in the file or, worse, on a disk. */
    private static final int V4_HEADER = 108;

    private static final int COLOUR_SPACE_AT = INFO_AT + 56;
    private static final int COLOUR_SPACE_SRGB = 0x73524742;
    private static final int UNCOMPRESSED = 0;
    private static final int BIT_FIELDS = 3;

    private BmpFile() {}

    /** Refuses other formats inside a bitmap, and files without all their rows, which the reader would fill with black. */
    static EncodedImage parse(byte[] file) throws UndecodableException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int header = in.getInt(INFO_AT);
        boolean isCore = header == CORE_HEADER;
        int width = isCore ? in.getShort(INFO_AT + 4) & 0xffff : in.getInt(INFO_AT + 4);
        int height = isCore ? in.getShort(INFO_AT + 6) & 0xffff : Math.abs(in.getInt(INFO_AT + 8));
        int bits = in.getShort(INFO_AT + (isCore ? 10 : 14));
        int compression = isCore ? UNCOMPRESSED : in.getInt(INFO_AT + 16);
        if (compression < 0 || compression > BIT_FIELDS) {
            throw new UndecodableException("a BMP of compression " + compression + " (expected: 0..3)");
        }
        if (compression == UNCOMPRESSED || compression == BIT_FIELDS) {
            checkRows(file.length - Integer.toUnsignedLong(in.getInt(10)), (long) width * bits, height);
        }
        byte[] bytes = file;
        if (header >= V4_HEADER) {
            bytes = file.clone();
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(COLOUR_SPACE_AT, COLOUR_SPACE_SRGB);
        }
        return EncodedImage.whole(ImageFormat.BMP, bytes, width, height);
    }

    private static void checkRows(long bytes, long bitsPerRow, int height) throws UndecodableException {
        long bytesPerRow = (bitsPerRow + 31) / 32 * 4;
        if (bytesPerRow > 0 && bytes / bytesPerRow < height) {
            throw new UndecodableException("a BMP that is cut short");
        }
    }
}
