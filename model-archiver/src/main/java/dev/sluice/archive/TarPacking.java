// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** The gzip-compressed tar form of an archive: everything below one top directory, owned by nobody in particular. */
final class TarPacking {
    private static final int FILE_MODE = 0100644;

    private TarPacking() {}

    static void write(Path target, String top, PackedContents contents, Instant timestamp) throws IOException {
        FileTime time = FileTime.from(timestamp.truncatedTo(ChronoUnit.SECONDS));
        // GZIPOutputStream writes neither name nor time into its header.
        try (OutputStream file = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW);
                OutputStream gzip = new BufferedOutputStream(new GZIPOutputStream(file, 64 * 1024), 64 * 1024);
                TarArchiveOutputStream tar = new TarArchiveOutputStream(gzip, StandardCharsets.UTF_8.name())) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            contents.writeTo((name, bytes, copy) -> {
                tar.putArchiveEntry(entry(top + "/" + name, bytes, time));
                copy.to(tar);
                tar.closeArchiveEntry();
            });
        }
    }

    private static TarArchiveEntry entry(String name, long bytes, FileTime time) {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(bytes);
        entry.setModTime(time);
        entry.setMode(FILE_MODE);
        entry.setIds(0, 0);
        return entry;
    }
}
