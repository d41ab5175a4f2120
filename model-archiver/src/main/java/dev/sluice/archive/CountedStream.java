// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A decompressor's output, each byte of which is reported to the ledger before anybody sees it.
 *
 * <p><b>Threads:</b> confined to the reading call; its fields are written by that thread alone.
 */
final class CountedStream extends FilterInputStream {
    private static final long UNLIMITED = Long.MAX_VALUE;

    private final EntryLedger ledger;
    private String entry; // written by the reading thread
    private long allowance = UNLIMITED; // written by the reading thread

    CountedStream(InputStream in, EntryLedger ledger, String entry) {
        super(in);
        this.ledger = ledger;
        this.entry = entry;
    }

    /** From here on bytes belong to {@code name}. */
    void enter(String name) {
        entry = name;
        allowance = UNLIMITED;
    }

    /** From here on at most {@code bytes} may come: for headers, which a parser holds in memory whole. */
    void allowOnly(long bytes) {
        allowance = bytes;
    }

    @Override
    public int read() throws IOException {
        int value = in.read();
        if (value >= 0) {
            count(1);
        }
        return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = in.read(buffer, offset, length);
        if (read > 0) {
            count(read);
        }
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

    private void count(int bytes) {
        ledger.unpacked(entry, bytes);
        if (allowance != UNLIMITED) {
            allowance -= bytes;
            if (allowance < 0) {
                throw new ArchiveException("the header after entry " + Quoted.of(entry) + " is too long");
            }
        }
    }
}
