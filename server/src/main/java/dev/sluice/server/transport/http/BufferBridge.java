// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * The one place where Netty's buffers become ours and ours become Netty's, without a copy of the bytes. Netty's views are
 * big-endian and say nothing of who keeps the memory, so nobody else may ask for one.
 */
final class BufferBridge {
    private BufferBridge() {}

    /** The readable bytes of {@code owned}, whose count goes over to the result; {@code alsoOnFree} runs after it is free. */
    static DataBuffer toDataBuffer(ByteBuf owned, MemoryLedger ledger, Runnable alsoOnFree) {
        if (!owned.isReadable()) {
            owned.release();
            alsoOnFree.run();
            return DataBuffer.wrap(new byte[0]);
        }
        // A buffer of several pieces has no single view; nioBuffer() copies it then. Bodies never are one.
        return ledger.track(owned.nioBuffer(), () -> {
            owned.release();
            alsoOnFree.run();
        });
    }

    /** Fresh memory of exactly {@code size} bytes. */
    static DataBuffer allocate(ByteBufAllocator allocator, int size) {
        ByteBuf buffer = allocator.directBuffer(size, size);
        return DataBuffer.of(buffer.nioBuffer(0, size), buffer::release);
    }

    /** A view for writing. It must be written before {@code data} is released, which stays the caller's to do. */
    static ByteBuf toByteBuf(DataBuffer data) {
        return data.size() == 0 ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(data.view());
    }
}
