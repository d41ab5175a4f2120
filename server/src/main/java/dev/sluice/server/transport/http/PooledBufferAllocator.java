// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Direct memory from the pool the transport reads into, so that what a request frees serves the next one.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class PooledBufferAllocator implements BufferAllocator {
    @Override
    public DataBuffer allocate(long bytes) {
        return BufferBridge.allocate(PooledByteBufAllocator.DEFAULT, BufferAllocator.checkedSize(bytes));
    }

    /** Bytes of direct memory the pool has taken from the system, those it keeps for the next caller included. */
    public long usedDirectMemory() {
        return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }
}
