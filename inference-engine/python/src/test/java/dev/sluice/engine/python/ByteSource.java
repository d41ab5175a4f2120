// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Gives bytes in pieces of a chosen size, for tests. */
final class ByteSource implements ReadableByteChannel {
    private final ByteBuffer bytes;
    private final int most;

    ByteSource(byte[] bytes, int most) {
        this.bytes = ByteBuffer.wrap(bytes);
        this.most = most;
    }

    @Override
    public int read(ByteBuffer target) {
        if (!bytes.hasRemaining()) {
            return -1;
        }
        int count = Math.min(most, Math.min(target.remaining(), bytes.remaining()));
        target.put(bytes.slice(bytes.position(), count));
        bytes.position(bytes.position() + count);
        return count;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
