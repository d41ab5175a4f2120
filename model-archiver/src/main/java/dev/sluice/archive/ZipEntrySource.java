// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static dev.sluice.archive.ZipDirectory.bytes;
import static dev.sluice.archive.ZipDirectory.u16;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * A zip file, read through its central directory. An entry's local header must repeat the central name, so that a reader
 * that streams sees the files we judged.
 */
final class ZipEntrySource implements EntrySource {
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int BUFFER = 16 * 1024;

    private final Path file;

    ZipEntrySource(Path file) {
        this.file = file;
    }

    @Override
    public void read(EntryLedger ledger, Visitor visitor) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            for (ZipEntryRecord entry : ZipDirectory.read(channel, ledger)) {
                ledger.countEntry();
                String name = entry.name();
                entry.checkKind(name);
                if (entry.isDirectory()) {
                    visitor.directory(ledger.admitDirectory(name));
                } else if (!visit(channel, entry, ledger.admitFile(name), ledger, visitor)) {
                    return;
                }
            }
        }
    }

    private static boolean visit(
            FileChannel channel, ZipEntryRecord entry, String name, EntryLedger ledger, Visitor visitor)
            throws IOException {
        InputStream packed = new ChannelSlice(channel, contentOffset(channel, entry, name), entry.packedBytes());
        if (entry.method() == ZipEntryRecord.STORED) {
            return visit(packed, entry, name, ledger, visitor);
        }
        Inflater inflater = new Inflater(true);
        try (InputStream plain = new InflaterInputStream(packed, inflater, BUFFER)) {
            return visit(plain, entry, name, ledger, visitor);
        } finally {
            inflater.end();
        }
    }

    private static boolean visit(
            InputStream plain, ZipEntryRecord entry, String name, EntryLedger ledger, Visitor visitor)
            throws IOException {
        InputStream counted = new CountedStream(plain, ledger, name);
        return visitor.file(name, entry.bytes(), new CheckedContent(counted, name, entry.bytes(), entry.crc()));
    }

    /** Where the entry's packed bytes begin, once its local header has been found to agree. */
    private static long contentOffset(FileChannel channel, ZipEntryRecord entry, String name) throws IOException {
        long size = channel.size();
        ByteBuffer header = bytes(channel, entry.localOffset(), LOCAL_BYTES, size);
        if (header.getInt(0) != LOCAL_SIGNATURE) {
            throw EntryNames.refused(name, "has no local header where the zip directory says: corrupt");
        }
        ByteBuffer localName = bytes(channel, entry.localOffset() + LOCAL_BYTES, u16(header, 26), size);
        if (!entry.rawName().equals(ZipDirectory.text(localName, u16(header, 26)))
                || u16(header, 8) != entry.method()) {
            throw EntryNames.refused(name, "has another name or method in its local header than in the zip directory");
        }
        long offset = entry.localOffset() + LOCAL_BYTES + u16(header, 26) + u16(header, 28);
        if (entry.packedBytes() < 0 || entry.packedBytes() > size - offset) {
            throw EntryNames.refused(name, "reaches past the end of the archive: truncated or corrupt");
        }
        return offset;
    }
}
