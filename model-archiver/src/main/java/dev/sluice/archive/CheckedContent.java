// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;

/**
 * One file's bytes, which must turn out to be exactly as many as declared and, where the container has one, to match the
 * checksum.
 *
 * <p><b>Threads:</b> confined to the reading call; its fields are written by that thread alone.
 */
final class CheckedContent extends FilterInputStream {
    /** The container has no checksum of its own for this file. */
    static final long NO_CHECKSUM = -1;

    private final String name;
    private final long declaredBytes;
    private final long declaredCrc;
    private final CRC32 crc = new CRC32();
    private long bytes; // written by the reading thread

    CheckedContent(InputStream in, String name, long declaredBytes, long declaredCrc) {
        super(in);
        this.name = name;
        this.declaredBytes = declaredBytes;
        this.declaredCrc = declaredCrc;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = in.read(buffer, offset, length);
        if (read < 0) {
            checkEnd();
            return read;
        }
        bytes += read;
        if (bytes > declaredBytes) {
            throw EntryNames.refused(name, "is longer than the " + declaredBytes + " bytes it declares");
        }
        crc.update(buffer, offset, read);
        return read;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] sink = new byte[(int) Math.min(Math.max(count, 0), 8192)];
        return sink.length == 0 ? 0 : Math.max(0, read(sink, 0, sink.length));
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    /** Reads what nobody wanted, so that it is checked and counted too. */
    void drain() throws IOException {
        byte[] sink = new byte[8192];
        while (read(sink, 0, sink.length) >= 0) {
            // Reading is the point.
        }
    }

    private void checkEnd() {
        if (bytes != declaredBytes) {
            throw EntryNames.refused(
                    name, "ends after " + bytes + " of " + declaredBytes + " bytes: truncated or corrupt");
        }
        if (declaredCrc != NO_CHECKSUM && crc.getValue() != declaredCrc) {
            throw EntryNames.refused(name, "does not match its checksum: corrupt");
        }
    }
}
