// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A gzip-compressed tar file. The first name component is dropped, as TorchServe does ({@code ArchiveUtils.java}); a file
 * at the top keeps its name.
 */
final class TarEntrySource implements EntrySource {
    private static final int BUFFER = 64 * 1024;

    /** Room for one entry's headers, the long-name and PAX kinds included, which the parser keeps in memory. */
    private static final long HEADER_BYTES = 1L << 20;

    private final Path file;

    TarEntrySource(Path file) {
        this.file = file;
    }

    @Override
    public void read(EntryLedger ledger, Visitor visitor) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER);
                CountedStream plain = new CountedStream(gunzip(in), ledger, "");
                TarArchiveInputStream tar = new TarArchiveInputStream(plain, StandardCharsets.UTF_8.name())) {
            plain.allowOnly(HEADER_BYTES);
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (!visit(tar, entry, plain, ledger, visitor)) {
                    return;
                }
                plain.allowOnly(HEADER_BYTES);
            }
            plain.enter("(end)");
            drain(plain);
        }
    }

    private static InputStream gunzip(InputStream in) throws IOException {
        try {
            return new GZIPInputStream(in, BUFFER);
        } catch (ZipException e) {
            throw new ArchiveException(
                    "not a gzip-compressed tar archive (expected: any file but .mar is one)",
                    "Name a zip archive .mar; name a directory to use unpacked files.");
        }
    }

    private static boolean visit(
            TarArchiveInputStream tar, TarArchiveEntry entry, CountedStream plain, EntryLedger ledger, Visitor visitor)
            throws IOException {
        ledger.countEntry();
        String raw = entry.getName();
        EntryNames.canonical(raw, ledger.limits());
        checkKind(entry, raw);
        String inside = withoutTop(raw, entry.isDirectory());
        if (entry.isDirectory()) {
            if (!inside.isEmpty()) {
                visitor.directory(ledger.admitDirectory(inside));
            }
            return true;
        }
        String name = ledger.admitFile(inside.isEmpty() ? raw : inside);
        plain.enter(name);
        CheckedContent content = new CheckedContent(tar, name, entry.getSize(), CheckedContent.NO_CHECKSUM);
        boolean goesOn = visitor.file(name, entry.getSize(), content);
        if (goesOn) {
            content.drain();
        }
        return goesOn;
    }

    private static void checkKind(TarArchiveEntry entry, String raw) {
        if (entry.isSymbolicLink() || entry.isLink()) {
            throw EntryNames.refused(raw, "is a link (expected: files and directories)");
        }
        byte type = entry.getLinkFlag();
        boolean isPlain = type == TarConstants.LF_NORMAL || type == TarConstants.LF_OLDNORM;
        if (!isPlain && type != TarConstants.LF_DIR) {
            throw EntryNames.refused(
                    raw,
                    "is a special file of type " + Quoted.of(String.valueOf((char) (type & 0xff)))
                            + " (expected: files and directories)");
        }
        if (entry.isSparse()) {
            throw EntryNames.refused(raw, "is a sparse file (expected: files and directories)");
        }
        if (entry.getSize() < 0 || (entry.isDirectory() && entry.getSize() != 0)) {
            throw EntryNames.refused(raw, "declares " + entry.getSize() + " bytes");
        }
    }

    private static String withoutTop(String raw, boolean isDirectory) {
        int slash = raw.indexOf('/');
        if (slash < 0) {
            return isDirectory ? "" : raw;
        }
        int start = slash;
        while (start < raw.length() && raw.charAt(start) == '/') {
            start++;
        }
        return raw.substring(start);
    }

    private static void drain(InputStream in) throws IOException {
        byte[] sink = new byte[8192];
        while (in.read(sink, 0, sink.length) >= 0) {
            // To the end, so that the gzip checksum is checked.
        }
    }
}
