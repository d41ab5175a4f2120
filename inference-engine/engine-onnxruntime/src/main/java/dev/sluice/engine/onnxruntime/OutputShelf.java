// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import dev.sluice.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The idle slots of one output of one instance: what the next call computes into without making anything. An output is read
 * while the next call runs already, so two slots take turns; a few more wait for slow readers.
 *
 * <p><b>Threads:</b> safe from any thread. Its lock is held for a look through a handful of slots and never while anything is
 * freed.
 *
 * <p><b>Ownership:</b> owns the idle slots, at most {@value #PLACES} of {@value #LARGEST} bytes, which are nobody's charge. A slot
 * that comes back after {@link #close}, or to a full shelf, is freed.
 */
final class OutputShelf {
    private static final int PLACES = 4;

    /** Above this, making an output anew costs nothing beside computing it. */
    private static final int LARGEST = 16 << 10;

    /** Guarded by this. */
    private final List<OutputSlot> idle = new ArrayList<>(PLACES);

    /** Guarded by this. */
    private boolean closed;

    /** Whether outputs of that size are kept. */
    static boolean takes(long bytes) {
        return bytes <= LARGEST;
    }

    /** An idle slot of that shape, the caller's from now on; null if there is none. */
    synchronized @Nullable OutputSlot take(Shape shape) {
        for (int i = idle.size() - 1; i >= 0; i--) {
            if (idle.get(i).shape().equals(shape)) {
                return idle.remove(i);
            }
        }
        return null;
    }

    /** Takes over {@code slot}, which nobody uses any longer. */
    void putBack(OutputSlot slot) {
        OutputSlot leaving = place(slot);
        if (leaving != null) {
            leaving.free();
        }
    }

    /** The slot there is no place for: the one that waited longest, since it may be of a shape nobody asks for any more. */
    private synchronized @Nullable OutputSlot place(OutputSlot slot) {
        if (closed) {
            return slot;
        }
        OutputSlot leaving = idle.size() == PLACES ? idle.remove(0) : null;
        idle.add(slot);
        return leaving;
    }

    /** Frees the idle slots now, and all others when they come back. */
    void close() {
        List<OutputSlot> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(idle);
            idle.clear();
        }
        left.forEach(OutputSlot::free);
    }
}
