// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.tensor.DataBuffer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** The one place where Netty's buffers become ours and ours become Netty's, without a copy of the bytes. */
final class BufferBridge {
    private BufferBridge() {}

    /** The readable bytes of {@code owned}, whose count goes over to the result. */
    static DataBuffer toDataBuffer(ByteBuf owned) {
        if (!owned.isReadable()) {
            owned.release();
            return DataBuffer.wrap(new byte[0]);
        }
        // A buffer of several pieces has no single view; nioBuffer() copies it then, the one copy a body may cost.
        return DataBuffer.of(owned.nioBuffer(), owned::release);
    }

    /** A view for writing. It must be written before {@code data} is released, which stays the caller's to do. */
    static ByteBuf toByteBuf(DataBuffer data) {
        return data.size() == 0 ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(data.view());
    }
}
