// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which instances of one model are being made. When there are as many as there may be at once, the others wait their turn, without a
 * thread, in the order they came.
 *
 * <p><b>Threads:</b> safe from any thread; nobody is woken under its lock.
 */
final class Starts {
    private final int most;

    /** Guarded by this. */
    private final Set<Taker> making = new HashSet<>();

    /** Guarded by this. */
    private final ArrayDeque<Taker> waiting = new ArrayDeque<>();

    Starts(int most) {
        this.most = Math.max(1, most);
    }

    /** Most at once. */
    int most() {
        return most;
    }

    /** Whether {@code taker} may be made now. If not, it is woken when it may; {@link #over} has to follow in both cases. */
    synchronized boolean begin(Taker taker) {
        if (making.contains(taker)) {
            return true;
        }
        if (making.size() < most) {
            making.add(taker);
            return true;
        }
        if (!waiting.contains(taker)) {
            waiting.add(taker);
        }
        return false;
    }

    /** {@code taker} has been made, or is not to be made any more. */
    void over(Taker taker) {
        Taker next = next(taker);
        if (next != null) {
            next.wake();
        }
    }

    private synchronized @Nullable Taker next(Taker over) {
        waiting.remove(over);
        if (!making.remove(over)) {
            return null;
        }
        Taker next = waiting.poll();
        if (next != null) {
            making.add(next);
        }
        return next;
    }
}
