// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

import javax.imageio.stream.ImageInputStreamImpl;

/**
 * An array as ImageIO wants to read it; refilled for each image, since making one is not free.
 *
 * <p><b>Threads:</b> confined to one thread.
 */
final class MemoryImageInput extends ImageInputStreamImpl {
    private static final byte[] NOTHING = {};

    /** Written by the confining thread. */
    private byte[] bytes = NOTHING;

    /** Starts over with other bytes, not copied. */
    void refill(byte[] next) {
        bytes = next;
        streamPos = 0;
        flushedPos = 0;
        bitOffset = 0;
    }

    void clear() {
        refill(NOTHING);
    }

    @Override
    public int read() {
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        bitOffset = 0;
        int count = (int) Math.min(length, bytes.length - streamPos);
        if (count <= 0) {
            return length == 0 ? 0 : -1;
        }
        System.arraycopy(bytes, (int) streamPos, target, offset, count);
        streamPos += count;
        return count;
    }

    @Override
    public long length() {
        return bytes.length;
    }
}
