// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The segments of a JPEG file.
 *
 * <p>Source: ITU-T T.81 annex B; T.871 (JFIF); the Adobe marker as described in T.872.
 */
final class JpegFile {
    private static final int START_OF_SCAN = 0xda;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int APP0 = 0xe0;
    private static final int APP14 = 0xee;
    private static final int APP15 = 0xef;
    private static final int COMMENT = 0xfe;
    private static final byte[] JFIF = {'J', 'F', 'I', 'F', 0};
    private static final byte[] ADOBE = {'A', 'd', 'o', 'b', 'e'};
    /** Bytes of a JFIF segment up to, and without, its thumbnail. */
    private static final int JFIF_LENGTH = 16;

    private JpegFile() {}

    /**
     * Keeps the two application segments that tell the colour space and drops the others: profiles, which Pillow does not
     * apply, orientation, which it does not follow, and thumbnails.
     */
    static EncodedImage parse(byte[] file) throws UndecodableException {
        ByteBuffer in = ByteBuffer.wrap(file);
        ByteArrayOutputStream kept = new ByteArrayOutputStream(file.length);
        kept.write(file, 0, 2);
        in.position(2);
        int width = 0;
        int height = 0;
        while (true) {
            int marker = nextMarker(in);
            int start = in.position();
            int length = in.getShort() & 0xffff;
            if (length < 2 || start + length > file.length || marker == END_OF_IMAGE) {
                throw new UndecodableException("JPEG segments are cut short");
            }
            if (isFrame(marker)) {
                height = in.getShort(start + 3) & 0xffff;
                width = in.getShort(start + 5) & 0xffff;
                checkComponents(in.get(start + 7));
            }
            if (marker == START_OF_SCAN) {
                checkEnd(file, start);
                kept.write(file, start - 2, file.length - start + 2);
                return EncodedImage.whole(ImageFormat.JPEG, kept.toByteArray(), width, height);
            }
            keep(kept, file, marker, start, length);
            in.position(start + length);
        }
    }

    /** Any number of 0xff may stand before a marker. */
    private static int nextMarker(ByteBuffer in) throws UndecodableException {
        if (in.get() != (byte) 0xff) {
            throw new UndecodableException("JPEG segments do not follow each other");
        }
        int marker = in.get() & 0xff;
        while (marker == 0xff) {
            marker = in.get() & 0xff;
        }
        return marker;
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    private static void checkComponents(int components) throws UndecodableException {
        if (components != 1 && components != 3) {
            throw new UndecodableException(
                    "a JPEG of " + components + " components, such as CMYK (expected: 1 for grey or 3 for colour)");
        }
    }

    /** Without an end marker the reader would paint what is missing grey, or blurred, and only warn; Pillow refuses. */
    private static void checkEnd(byte[] file, int scans) throws UndecodableException {
        for (int i = file.length - 2; i > scans; i--) {
            if (file[i] == (byte) 0xff && file[i + 1] == (byte) END_OF_IMAGE) {
                return;
            }
        }
        throw new UndecodableException("a JPEG that is cut short");
    }

    private static void keep(ByteArrayOutputStream kept, byte[] file, int marker, int start, int length) {
        if (marker == APP0) {
            if (begins(file, start + 2, JFIF) && length >= JFIF_LENGTH) {
                kept.write(0xff);
                kept.write(marker);
                kept.write(0);
                kept.write(JFIF_LENGTH);
                kept.write(file, start + 2, JFIF_LENGTH - 4);
                kept.write(0);
                kept.write(0);
            }
            return;
        }
        boolean isColourless = (marker > APP0 && marker <= APP15) || marker == COMMENT;
        if (!isColourless || (marker == APP14 && begins(file, start + 2, ADOBE))) {
            kept.write(0xff);
            kept.write(marker);
            kept.write(file, start, length);
        }
    }

    private static boolean begins(byte[] file, int at, byte[] name) {
        return at + name.length <= file.length && Arrays.equals(file, at, at + name.length, name, 0, name.length);
    }
}
