// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request while it comes in. A body that comes in one piece is that piece, not copied; pieces are copied
 * together once. A client that announces much and sends little gets little memory: room grows with what has come.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 */
final class BodyBuffer {
    /** Room given beyond what has come, as a multiple of it: a first piece of 64 KiB already gets room for 1 MiB. */
    private static final int TRUST = 16;

    private final ByteBufAllocator allocator;

    /** Written by the event loop: bytes so far, owned; null for none. */
    private @Nullable ByteBuf bytes;

    /** Written by the event loop: whether {@link #bytes} is ours to write to, not a piece of what was read. */
    private boolean gathered;

    /** Written by the event loop: size the client announced, or -1. */
    private int announced = -1;

    BodyBuffer(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Begins a body of {@code size} bytes; -1 if that is not known. */
    void start(int size) {
        announced = size;
    }

    int size() {
        return bytes == null ? 0 : bytes.readableBytes();
    }

    /** Takes the count of {@code piece}. */
    void append(ByteBuf piece) {
        if (!piece.isReadable()) {
            piece.release();
        } else if (bytes == null) {
            bytes = piece;
        } else {
            try {
                withRoomFor(bytes, piece.readableBytes()).writeBytes(piece);
            } finally {
                piece.release();
            }
        }
    }

    private ByteBuf withRoomFor(ByteBuf before, int more) {
        int needed = before.readableBytes() + more;
        if (gathered && before.capacity() >= needed) {
            return before;
        }
        long wished = announced < 0 ? 2L * needed : Math.min(announced, (long) TRUST * needed);
        int capacity = (int) Math.max(needed, Math.min(wished, Integer.MAX_VALUE));
        ByteBuf roomier = allocator.directBuffer(capacity);
        roomier.writeBytes(before);
        before.release();
        bytes = roomier;
        gathered = true;
        return roomier;
    }

    /** The whole body, owned by the caller; this is empty again. */
    ByteBuf finish() {
        ByteBuf whole = bytes == null ? Unpooled.EMPTY_BUFFER : bytes;
        forget();
        return whole;
    }

    /** Frees what has come. */
    void discard() {
        if (bytes != null) {
            bytes.release();
        }
        forget();
    }

    private void forget() {
        bytes = null;
        gathered = false;
        announced = -1;
    }
}
