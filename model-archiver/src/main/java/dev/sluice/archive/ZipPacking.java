// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The zip form of an archive: no directory entries, no extra fields, and stored entries have their size in the local
 * header, so that a reader that streams, as TorchServe's does, can unpack it.
 */
final class ZipPacking {
    /**
     * The first and last time a zip entry holds by itself. For 00:00:00, and past the last, the JDK adds a second time
     * stamp that depends on the time zone.
     */
    private static final LocalDateTime FIRST = LocalDateTime.of(1980, 1, 1, 0, 0, 2);

    private static final LocalDateTime LAST = LocalDateTime.of(2107, 12, 31, 23, 59, 58);

    private ZipPacking() {}

    static void write(Path target, PackedContents contents, Instant timestamp, boolean deflated) throws IOException {
        LocalDateTime time = clamped(LocalDateTime.ofInstant(timestamp, ZoneOffset.UTC));
        try (OutputStream file = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW);
                ZipOutputStream zip = new ZipOutputStream(new BufferedOutputStream(file, 64 * 1024))) {
            contents.writeTo((name, bytes, copy) -> {
                ZipEntry entry = new ZipEntry(name);
                entry.setTimeLocal(time);
                entry.setMethod(deflated ? ZipEntry.DEFLATED : ZipEntry.STORED);
                if (!deflated) {
                    entry.setSize(bytes);
                    entry.setCrc(crc(copy));
                }
                zip.putNextEntry(entry);
                copy.to(zip);
                zip.closeEntry();
            });
        }
    }

    private static LocalDateTime clamped(LocalDateTime time) {
        return time.isBefore(FIRST) ? FIRST : time.isAfter(LAST) ? LAST : time;
    }

    private static long crc(PackedContents.Copy copy) throws IOException {
        CRC32 crc = new CRC32();
        try (OutputStream out = new CheckedOutputStream(OutputStream.nullOutputStream(), crc)) {
            copy.to(out);
        }
        return crc.getValue();
    }
}
