// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Memory that is used again once released, as the server's pool does it: for measuring on one thread. */
final class RecycledBuffers implements BufferAllocator {
    private final Map<Long, Deque<ByteBuffer>> free = new HashMap<>();

    @Override
    public DataBuffer allocate(long bytes) {
        Deque<ByteBuffer> same = free.computeIfAbsent(bytes, size -> new ArrayDeque<>());
        ByteBuffer memory = same.isEmpty() ? ByteBuffer.allocateDirect(Math.toIntExact(bytes)) : same.pop();
        return DataBuffer.of(memory, () -> same.push(memory));
    }
}
