// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Direct memory from the pool the transport reads into, so that what a request frees serves the next one.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class PooledBufferAllocator implements BufferAllocator {
    @Override
    public DataBuffer allocate(long bytes) {
        int size = BufferAllocator.checkedSize(bytes);
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(size, size);
        return DataBuffer.of(buffer.nioBuffer(0, size), buffer::release);
    }
}
