// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Moves a message out of the transport's memory. */
final class MessageBytes {
    private static final int PIECE = 8192;

    private MessageBytes() {}

    /**
     * All of {@code stream} in memory of {@code memory}: copied once, or twice if it came compressed.
     *
     * <p><b>Ownership:</b> the caller owns the result.
     */
    static DataBuffer read(InputStream stream, BufferAllocator memory) throws IOException {
        if (!(stream instanceof KnownLength)) {
            // The transport stops it at the most bytes of a message.
            byte[] all = stream.readAllBytes();
            DataBuffer copy = memory.allocate(all.length);
            copy.view().put(all);
            return copy;
        }
        DataBuffer copy = memory.allocate(stream.available());
        try {
            fill(copy.view(), stream);
            return copy;
        } catch (IOException | RuntimeException | Error e) {
            copy.release();
            throw e;
        }
    }

    private static void fill(ByteBuffer target, InputStream stream) throws IOException {
        if (stream instanceof HasByteBuffer pieces && pieces.byteBufferSupported()) {
            while (target.hasRemaining()) {
                ByteBuffer piece = pieces.getByteBuffer();
                if (piece == null || !piece.hasRemaining()) {
                    throw new EOFException();
                }
                int length = Math.min(piece.remaining(), target.remaining());
                target.put(piece.slice(piece.position(), length));
                stream.skipNBytes(length);
            }
            return;
        }
        byte[] piece = new byte[Math.min(PIECE, target.remaining())];
        while (target.hasRemaining()) {
            int length = stream.read(piece, 0, Math.min(piece.length, target.remaining()));
            if (length < 0) {
                throw new EOFException();
            }
            target.put(piece, 0, length);
        }
    }
}
