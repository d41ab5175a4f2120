// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;

/** Takes bytes in pieces of a chosen size, as a socket whose buffer is full does, for tests. */
final class ByteTarget implements GatheringByteChannel {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final int most;

    /** The test's thread: how often it was called. */
    int calls;

    ByteTarget(int most) {
        this.most = most;
    }

    byte[] bytes() {
        return taken.toByteArray();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        calls++;
        int left = most;
        for (int i = offset; i < offset + length && left > 0; i++) {
            left -= take(sources[i], left);
        }
        return most - left;
    }

    private int take(ByteBuffer source, int atMost) {
        byte[] some = new byte[Math.min(atMost, source.remaining())];
        source.get(some);
        taken.writeBytes(some);
        return some.length;
    }

    @Override
    public long write(ByteBuffer[] sources) {
        return write(sources, 0, sources.length);
    }

    @Override
    public int write(ByteBuffer source) {
        calls++;
        return take(source, most);
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
