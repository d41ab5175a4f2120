// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Writes PNG files of 8-bit grey or colour: ImageIO would put grey through a gamma of its own.
 *
 * <p>Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 5, 9 and 11.
 */
final class PngWriter {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte NO_FILTER = 0;
    /** Each byte less the one a pixel to its left, which is small in photos. */
    private static final byte SUB = 1;

    private PngWriter() {}

    static byte[] write(Pixels image) {
        ByteBuffer header = ByteBuffer.allocate(13);
        header.putInt(image.width()).putInt(image.height());
        header.put((byte) 8).put((byte) (image.channels() == 1 ? 0 : 2));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(SIGNATURE);
        chunk(file, "IHDR", header.array());
        chunk(file, "IDAT", compressed(image));
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String name, byte[] body) {
        byte[] id = name.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(id);
        sum.update(body);
        file.writeBytes(ByteBuffer.allocate(4).putInt(body.length).array());
        file.writeBytes(id);
        file.writeBytes(body);
        file.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }

    private static byte[] compressed(Pixels image) {
        Deflater deflater = new Deflater();
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            DeflaterOutputStream stream = new DeflaterOutputStream(out, deflater);
            int stride = image.width() * image.channels();
            byte[] line = new byte[1 + stride];
            for (int y = 0; y < image.height(); y++) {
                filter(image, y * stride, line);
                stream.write(line);
            }
            stream.finish();
            return out.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException("memory does not fail to be written", e);
        } finally {
            deflater.end();
        }
    }

    /** Grey images are masks here, whose runs a filter would only break. */
    private static void filter(Pixels image, int at, byte[] line) {
        int channels = image.channels();
        byte[] samples = image.samples();
        line[0] = channels == 1 ? NO_FILTER : SUB;
        for (int i = 0; i < line.length - 1; i++) {
            int left = line[0] == SUB && i >= channels ? samples[at + i - channels] : 0;
            line[i + 1] = (byte) (samples[at + i] - left);
        }
    }
}
