// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A stretch of a file as a stream. Closing it leaves the channel open.
 *
 * <p><b>Threads:</b> confined to the reading call; its fields are written by that thread alone.
 */
final class ChannelSlice extends InputStream {
    private final FileChannel channel;
    private final long end;
    private long at; // written by the reading thread

    ChannelSlice(FileChannel channel, long offset, long length) {
        this.channel = channel;
        this.at = offset;
        this.end = offset + length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (at >= end) {
            return -1;
        }
        int read = channel.read(ByteBuffer.wrap(buffer, offset, (int) Math.min(length, end - at)), at);
        at += Math.max(read, 0);
        return read;
    }
}
