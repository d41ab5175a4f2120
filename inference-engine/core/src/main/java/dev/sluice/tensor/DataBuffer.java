// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A run of bytes with a reference count. It hides where the bytes come from (a network buffer, an engine's arena, a
 * pool), so that none of those has to be known by those who merely carry them.
 *
 * <p><b>Ownership:</b> made with a count of 1 that belongs to the maker. Whoever is handed a buffer and keeps it owns one
 * count and gives it back with {@link #release()}; at zero the bytes go back to their source and must not be touched.
 *
 * <p><b>Threads:</b> counting is safe from any thread. The bytes are not guarded: they are written before the buffer is
 * handed on, and only read afterwards.
 */
public final class DataBuffer {
    private final ByteBuffer bytes;
    private final Runnable onFree;
    private final AtomicInteger references = new AtomicInteger(1);

    private DataBuffer(ByteBuffer bytes, Runnable onFree) {
        this.bytes = bytes.slice();
        this.onFree = onFree;
    }

    /** The remaining bytes of {@code bytes}, not copied; {@code onFree} runs once, on the thread of the last release. */
    public static DataBuffer of(ByteBuffer bytes, Runnable onFree) {
        return new DataBuffer(bytes, onFree);
    }

    /** The given array, not copied; freed by the garbage collector. */
    public static DataBuffer wrap(byte[] bytes) {
        return new DataBuffer(ByteBuffer.wrap(bytes), () -> {});
    }

    /** Number of bytes. */
    public int size() {
        return bytes.capacity();
    }

    /**
     * A fresh little-endian view of all bytes from position 0, with its own position and limit. Valid while the caller
     * owns a count.
     *
     * @throws IllegalStateException if the buffer has been freed
     */
    public ByteBuffer view() {
        if (references.get() == 0) {
            throw new IllegalStateException("buffer of " + size() + " bytes used after its last release");
        }
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Bytes {@code offset} to {@code offset + length} as a buffer of its own, which keeps these bytes alive until released.
     *
     * @throws IndexOutOfBoundsException if they are not all in this buffer
     */
    public DataBuffer retainedSlice(int offset, int length) {
        ByteBuffer part = view().slice(offset, length);
        retain();
        return new DataBuffer(part, this::release);
    }

    /**
     * Takes one more count; returns this.
     *
     * @throws IllegalStateException if the buffer has been freed
     */
    public DataBuffer retain() {
        // A freed buffer stays at zero, also for an instant: two late retains must not see each other's count.
        if (references.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
            throw new IllegalStateException("buffer of " + size() + " bytes retained after its last release");
        }
        return this;
    }

    /**
     * Gives one count back; the last one frees the bytes.
     *
     * @throws IllegalStateException if there was none left to give back
     */
    public void release() {
        int before = references.getAndUpdate(count -> count == 0 ? 0 : count - 1);
        if (before == 0) {
            throw new IllegalStateException("buffer of " + size() + " bytes released more often than retained");
        }
        if (before == 1) {
            onFree.run();
        }
    }

    /** Counts now outstanding; for tests and leak reports. */
    public int references() {
        return references.get();
    }

    /** A copy of all bytes. */
    public byte[] toByteArray() {
        ByteBuffer view = view();
        byte[] copy = new byte[view.remaining()];
        view.get(copy);
        return copy;
    }
}
