// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps up to so many requests of one caller outstanding. A caller that has reached the bound waits until half of them are
 * back, so that waking it up is not what is measured.
 *
 * <p><b>Threads:</b> {@link #enter} and {@link #drain} are the caller's, the thread that made this; {@link #leave} is anyone's.
 */
public final class Window {
    private static final long LOST_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final int size;
    private final Thread caller = Thread.currentThread();
    private final AtomicInteger outstanding = new AtomicInteger();

    public Window(int size) {
        this.size = size;
    }

    /** Waits for room, and takes it. */
    public void enter() {
        if (outstanding.get() >= size) {
            awaitAtMost(size / 2);
        }
        outstanding.incrementAndGet();
    }

    /** One of them ended. */
    public void leave() {
        int left = outstanding.decrementAndGet();
        if (left == size / 2 || left == 0) {
            LockSupport.unpark(caller);
        }
    }

    /** Waits for all of them. */
    public void drain() {
        awaitAtMost(0);
    }

    private void awaitAtMost(int most) {
        long start = System.nanoTime();
        while (outstanding.get() > most) {
            LockSupport.parkNanos(this, LOST_NANOS);
            if (System.nanoTime() - start > LOST_NANOS) {
                throw new IllegalStateException(
                        "outstanding: " + outstanding.get() + " (expected: " + most + " after 10 s)");
            }
        }
    }
}
