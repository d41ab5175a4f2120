// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A source of direct memory that knows which buffers were not given back, and where they were asked for. What it hands out,
 * and what comes back, is filled with {@link #POISON}: reading bytes nobody wrote, or bytes already released, gives numbers
 * that are plainly wrong instead of zeros that may be right.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class TrackingAllocator implements BufferAllocator {
    /** As a float about -1.5e-36, as an int -538976289. */
    public static final byte POISON = (byte) 0xDF;

    private static final int SHOWN = 3;

    private final Map<Long, Throwable> outstanding = new ConcurrentHashMap<>();
    private final AtomicLong allocated = new AtomicLong();

    @Override
    public DataBuffer allocate(long bytes) {
        ByteBuffer memory = ByteBuffer.allocateDirect(BufferAllocator.checkedSize(bytes));
        return track(memory, () -> {});
    }

    @Override
    public DataBuffer lend(ByteBuffer memory, Runnable onFree) {
        return track(memory, onFree);
    }

    private DataBuffer track(ByteBuffer memory, Runnable onFree) {
        poison(memory);
        Long ticket = allocated.incrementAndGet();
        outstanding.put(ticket, new Throwable("buffer of " + memory.remaining() + " bytes, asked for here"));
        return DataBuffer.of(memory.duplicate(), () -> {
            poison(memory);
            outstanding.remove(ticket);
            onFree.run();
        });
    }

    /** Buffers handed out so far. */
    public long allocated() {
        return allocated.get();
    }

    /** Buffers handed out and not given back. */
    public int outstanding() {
        return outstanding.size();
    }

    /** Fails, with the places that asked for them, if buffers were not given back. */
    public void assertAllReleased() {
        if (outstanding.isEmpty()) {
            return;
        }
        AssertionError failure =
                new AssertionError(outstanding.size() + " of " + allocated() + " buffers not released");
        outstanding.values().stream().limit(SHOWN).forEach(failure::addSuppressed);
        throw failure;
    }

    private static void poison(ByteBuffer memory) {
        for (int i = 0; i < memory.capacity(); i++) {
            memory.put(i, POISON);
        }
    }
}
