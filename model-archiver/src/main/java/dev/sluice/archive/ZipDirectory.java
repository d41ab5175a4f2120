// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The central directory of a zip file, parsed by us because the sizes it announces must be judged before anything is
 * allocated for them, and because the file types we refuse are in fields {@link java.util.zip} hides.
 *
 * <p>Strict where leniency lets two readers see two archives: the directory must end where the end record says, the end
 * record must end the file, nothing may precede the first entry.
 *
 * <p>Source: PKWARE APPNOTE.TXT 6.3 sections 4.3.12 to 4.3.16 and 4.5.3.
 */
final class ZipDirectory {
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int LOCATOR64_SIGNATURE = 0x07064b50;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int END_BYTES = 22;
    private static final int END64_BYTES = 56;
    private static final int LOCATOR64_BYTES = 20;
    private static final int ENTRY_BYTES = 46;
    private static final int LONGEST_COMMENT = 0xffff;
    private static final int ZIP64_EXTRA = 0x0001;
    private static final long IN_ZIP64 = 0xffffffffL;

    /** Where the directory is and how many entries it has. */
    private record Extent(long entries, long bytes, long offset, long endsAt) {}

    private ZipDirectory() {}

    /** Reads all entries; the ledger has agreed to their number before the first is read. */
    static List<ZipEntryRecord> read(FileChannel channel, EntryLedger ledger) throws IOException {
        Extent extent = locate(channel);
        ledger.announceEntries(extent.entries());
        if (extent.offset() < 0 || extent.bytes() < 0 || extent.offset() + extent.bytes() != extent.endsAt()) {
            throw new ArchiveException(
                    "zip directory is not where the archive says: corrupt, or data was put around it");
        }
        List<ZipEntryRecord> entries = new ArrayList<>((int) extent.entries());
        long at = extent.offset();
        for (long i = 0; i < extent.entries(); i++) {
            ByteBuffer fixed = bytes(channel, at, ENTRY_BYTES, extent.endsAt());
            ByteBuffer variable =
                    bytes(channel, at + ENTRY_BYTES, u16(fixed, 28) + u16(fixed, 30) + u16(fixed, 32), extent.endsAt());
            entries.add(entry(fixed, variable));
            at += ENTRY_BYTES + variable.limit();
        }
        if (at != extent.endsAt()) {
            throw new ArchiveException("zip directory has more entries than it counts: corrupt");
        }
        return entries;
    }

    private static Extent locate(FileChannel channel) throws IOException {
        long size = channel.size();
        long from = Math.max(0, size - END_BYTES - LONGEST_COMMENT);
        ByteBuffer tail = bytes(channel, from, (int) (size - from), size);
        for (int at = tail.limit() - END_BYTES; at >= 0; at--) {
            if (tail.getInt(at) == END_SIGNATURE && at + END_BYTES + u16(tail, at + 20) == tail.limit()) {
                return extent(channel, tail, at, from + at);
            }
        }
        throw new ArchiveException(
                "not a zip archive, or cut short (expected: a file named .mar is a zip file)",
                "Check that the file was copied in full; name a gzip-compressed tar archive .tar.gz.");
    }

    private static Extent extent(FileChannel channel, ByteBuffer tail, int at, long endAt) throws IOException {
        long entries = u16(tail, at + 10);
        long bytes = u32(tail, at + 12);
        long offset = u32(tail, at + 16);
        if (u16(tail, at + 4) != 0 && u16(tail, at + 4) != 0xffff) {
            throw new ArchiveException("zip archive is one part of several (expected: a whole one)");
        }
        boolean isZip64 = entries == 0xffff || bytes == IN_ZIP64 || offset == IN_ZIP64;
        if (isZip64 && endAt >= LOCATOR64_BYTES) {
            ByteBuffer locator = bytes(channel, endAt - LOCATOR64_BYTES, LOCATOR64_BYTES, endAt);
            if (locator.getInt(0) == LOCATOR64_SIGNATURE) {
                return extent64(channel, locator.getLong(8), endAt - LOCATOR64_BYTES);
            }
        }
        return new Extent(entries, bytes, offset, endAt);
    }

    private static Extent extent64(FileChannel channel, long end64At, long locatorAt) throws IOException {
        ByteBuffer end = bytes(channel, end64At, END64_BYTES, locatorAt);
        if (end.getInt(0) != END64_SIGNATURE || end.getLong(32) < 0) {
            throw new ArchiveException("zip64 end record is not where the archive says: corrupt");
        }
        return new Extent(end.getLong(32), end.getLong(40), end.getLong(48), end64At);
    }

    private static ZipEntryRecord entry(ByteBuffer fixed, ByteBuffer variable) {
        if (fixed.getInt(0) != ENTRY_SIGNATURE) {
            throw new ArchiveException("zip directory is damaged or has fewer entries than it counts");
        }
        int nameBytes = u16(fixed, 28);
        long[] sizes = {u32(fixed, 24), u32(fixed, 20), u32(fixed, 42)};
        widen(sizes, variable, nameBytes, nameBytes + u16(fixed, 30));
        return new ZipEntryRecord(
                text(variable, nameBytes),
                u16(fixed, 8),
                u16(fixed, 10),
                u32(fixed, 16),
                sizes[0],
                sizes[1],
                sizes[2],
                u16(fixed, 40) >>> 12);
    }

    /** Replaces each size that says "see the zip64 field" by that field's next number. */
    private static void widen(long[] sizes, ByteBuffer variable, int from, int to) {
        for (int at = from; at + 4 <= to; at += 4 + u16(variable, at + 2)) {
            if (u16(variable, at) == ZIP64_EXTRA) {
                int next = at + 4;
                int end = Math.min(to, next + u16(variable, at + 2));
                for (int i = 0; i < sizes.length; i++) {
                    if (sizes[i] == IN_ZIP64 && next + 8 <= end) {
                        sizes[i] = variable.getLong(next);
                        next += 8;
                    }
                }
                return;
            }
        }
    }

    /** Exactly {@code length} bytes from {@code offset}, which must all lie before {@code end}. */
    static ByteBuffer bytes(FileChannel channel, long offset, int length, long end) throws IOException {
        if (offset < 0 || offset > end - length) {
            throw new EOFException("a zip record lies outside the archive");
        }
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException("the archive ends inside a zip record");
            }
        }
        return buffer.flip();
    }

    /** The first {@code length} bytes, each as one character. */
    static String text(ByteBuffer buffer, int length) {
        byte[] bytes = new byte[length];
        buffer.get(0, bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static int u16(ByteBuffer buffer, int at) {
        return Short.toUnsignedInt(buffer.getShort(at));
    }

    static long u32(ByteBuffer buffer, int at) {
        return Integer.toUnsignedLong(buffer.getInt(at));
    }
}
