// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.nio.ByteBuffer;

/**
 * Source of direct memory for tensors. Engines read raw addresses, so what it returns is always direct, and stays where it
 * is until released.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface BufferAllocator {
    /**
     * A buffer of exactly {@code bytes} bytes with undefined content, owned by the caller.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative or above {@link Integer#MAX_VALUE}
     */
    DataBuffer allocate(long bytes);

    /**
     * A buffer on {@code memory}, direct, which the caller made and will use again: to everybody else it is like one from {@link
     * #allocate}, and counts as such until its last release, when {@code onFree} runs.
     */
    default DataBuffer lend(ByteBuffer memory, Runnable onFree) {
        return DataBuffer.of(memory, onFree);
    }

    /** Hears that bytes of a tensor were copied into memory of this source; by default nobody listens. */
    default void copied(CopyReason reason) {}

    /** Plain direct buffers without a pool, freed by the garbage collector: for tests and tools. */
    static BufferAllocator unpooled() {
        return bytes -> DataBuffer.of(ByteBuffer.allocateDirect(checkedSize(bytes)), () -> {});
    }

    /** {@code bytes} as an {@code int}, or an exception that names the limit. */
    static int checkedSize(long bytes) {
        if (bytes < 0 || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: 0.." + Integer.MAX_VALUE + ")");
        }
        return (int) bytes;
    }
}
