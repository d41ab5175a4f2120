// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/** A maker of tar files header by header, for those no honest library writes. */
final class TarForge {
    private static final int BLOCK = 512;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    TarForge file(String name, String content) {
        return entry(name, '0', "", content.getBytes(StandardCharsets.UTF_8));
    }

    TarForge file(String name, byte[] content) {
        return entry(name, '0', "", content);
    }

    TarForge directory(String name) {
        return entry(name, '5', "", new byte[0]);
    }

    TarForge entry(String name, char type, String linkName, byte[] content) {
        out.writeBytes(header(name, type, linkName, content.length));
        out.writeBytes(Arrays.copyOf(content, (content.length + BLOCK - 1) / BLOCK * BLOCK));
        return this;
    }

    /** A header that announces content which does not follow. */
    TarForge headerOnly(String name, char type, long size) {
        out.writeBytes(header(name, type, "", size));
        return this;
    }

    byte[] gzipped() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            out.writeTo(gzip);
            gzip.write(new byte[2 * BLOCK]);
        }
        return packed.toByteArray();
    }

    Path writeTo(Path file) throws IOException {
        return Files.write(file, gzipped());
    }

    private static byte[] header(String name, char type, String linkName, long size) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 108, "0000000\0");
        put(header, 116, "0000000\0");
        put(header, 124, String.format("%011o\0", size));
        put(header, 136, String.format("%011o\0", 0));
        put(header, 148, "        ");
        header[156] = (byte) type;
        put(header, 157, linkName);
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, String.format("%06o\0 ", sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
