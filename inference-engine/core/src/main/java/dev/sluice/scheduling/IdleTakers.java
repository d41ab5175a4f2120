// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The takers that sleep, the last to fall asleep first: its caches are the warmest.
 *
 * <p><b>Threads:</b> safe from any thread; {@link #isEmpty} costs one read. This lock comes after the formation lock.
 */
final class IdleTakers {
    /** Guarded by itself. */
    private final ArrayDeque<Taker> asleep = new ArrayDeque<>();

    /** Written under the lock of {@link #asleep}. */
    private volatile int count;

    void add(Taker taker) {
        synchronized (asleep) {
            asleep.push(taker);
            count = asleep.size();
        }
    }

    void remove(Taker taker) {
        if (count == 0) {
            return;
        }
        synchronized (asleep) {
            asleep.removeFirstOccurrence(taker);
            count = asleep.size();
        }
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Wakes one, if any sleeps; it is not here any more then. */
    void wakeOne() {
        if (isEmpty()) {
            return;
        }
        Taker taker;
        synchronized (asleep) {
            taker = asleep.poll();
            count = asleep.size();
        }
        wake(taker);
    }

    /** Takes out one that can be lent; null if there is none. */
    @Nullable
    Taker lendOne() {
        if (isEmpty()) {
            return null;
        }
        synchronized (asleep) {
            for (Taker taker : asleep) {
                if (taker.lend()) {
                    asleep.removeFirstOccurrence(taker);
                    count = asleep.size();
                    return taker;
                }
            }
        }
        return null;
    }

    private static void wake(@Nullable Taker taker) {
        if (taker != null) {
            taker.wake();
        }
    }
}
