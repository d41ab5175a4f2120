// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The chunks of a PNG file.
 *
 * <p>Source: W3C Portable Network Graphics specification, chapters 5 and 11.
 */
final class PngFile {
    private static final int SIGNATURE_BYTES = 8;
    /** Length, type and check sum around a chunk's data. */
    private static final int CHUNK_OVERHEAD = 12;

    private static final byte[] END = {0, 0, 0, 0, 'I', 'E', 'N', 'D', (byte) 0xae, 0x42, 0x60, (byte) 0x82};

    private PngFile() {}

    /** Keeps header, palette and pixels: without gamma, transparency and texts the reader's samples are the file's. */
    static EncodedImage parse(byte[] file) throws UndecodableException {
        ByteBuffer in = ByteBuffer.wrap(file).position(SIGNATURE_BYTES);
        ByteArrayOutputStream kept = new ByteArrayOutputStream(file.length);
        kept.write(file, 0, SIGNATURE_BYTES);
        int width = 0;
        int height = 0;
        boolean ended = false;
        // A file may end after its last pixel: what follows says nothing about the picture.
        while (!ended && in.remaining() >= CHUNK_OVERHEAD) {
            int start = in.position();
            int length = in.getInt();
            String type = new String(file, start + 4, 4, StandardCharsets.ISO_8859_1);
            if (length < 0 || length > file.length - start - CHUNK_OVERHEAD) {
                throw new UndecodableException("PNG chunk " + (isName(type) ? type : "?") + " is cut short");
            }
            switch (type) {
                case "IHDR" -> {
                    width = in.getInt(start + 8);
                    height = in.getInt(start + 12);
                    kept.write(file, start, length + CHUNK_OVERHEAD);
                }
                case "PLTE", "IDAT" -> kept.write(file, start, length + CHUNK_OVERHEAD);
                case "IEND" -> ended = true;
                default -> {}
            }
            in.position(start + length + CHUNK_OVERHEAD);
        }
        kept.writeBytes(END);
        return EncodedImage.whole(ImageFormat.PNG, kept.toByteArray(), width, height);
    }

    private static boolean isName(String type) {
        return type.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
    }
}
