// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Which thread runs an instance, if any: one at a time, and each sees what the one before has done.
 *
 * <pre>
 *             wake, when there is something to do
 *  RESTING ──────────────────────────────────────► CARRIED by a thread of the pool
 *   │ ▲ ▲                                             │
 *   │ │ └─────────────────────────────────────────────┘ rest, unless it was woken meanwhile
 *   ▼ │ lend, giveBack
 *  LENT to a thread that submits
 * </pre>
 *
 * Who wakes sets a flag first and looks where it stands second; who rests says so first and looks at the flag second: one of them
 * sees the other.
 *
 * <p><b>Threads:</b> {@link #wake} is safe from any thread and does not block; the rest is the carrier's.
 */
final class Carriage {
    private enum State {
        RESTING,
        CARRIED,
        LENT
    }

    private final Executor carriers;
    private final Runnable work;
    private final AtomicReference<State> state = new AtomicReference<>(State.RESTING);

    /** Written by the thread that carries: itself. It may have gone when it is read; it is woken for nothing then. */
    private volatile @Nullable Thread carrier;

    /**
     * Set by those that wake, cleared by the carrier before it looks for something to do. The permit of {@link
     * LockSupport#unpark} alone would not do: waiting for a lock may use it up.
     */
    private volatile boolean isWoken;

    /** @param work what a carrier does; it has to call {@link #arrive} first, and ends when {@link #rest} says so */
    Carriage(Executor carriers, Runnable work) {
        this.carriers = carriers;
        this.work = work;
    }

    /**
     * Has a carrier look for something to do, after what it does now if it does something.
     *
     * @throws OutOfMemoryError if the machine gives out no more threads; nothing has happened then
     */
    void wake() {
        isWoken = true;
        if (state.compareAndSet(State.RESTING, State.CARRIED)) {
            try {
                carriers.execute(work);
            } catch (RuntimeException | Error e) {
                state.set(State.RESTING);
                throw e;
            }
        } else {
            LockSupport.unpark(carrier);
        }
    }

    /** The calling thread carries from now on. */
    void arrive() {
        carrier = Thread.currentThread();
    }

    /** The carrier is about to look for something to do: whoever wakes from now on makes it look again. */
    void attend() {
        isWoken = false;
    }

    /** Whether somebody woke since {@link #attend}. */
    boolean isWoken() {
        return isWoken;
    }

    /** Keeps the carrier here until somebody wakes or {@code nanos} have passed, or for a shorter time. */
    void pause(long nanos) {
        if (!isWoken) {
            LockSupport.parkNanos(this, nanos);
        }
    }

    /** Has the calling thread be the one that runs it, until {@link #giveBack}; false if another does. */
    boolean lend() {
        return state.compareAndSet(State.RESTING, State.LENT);
    }

    /** The thread it was lent to is done; if {@link #isWoken} gives true after that, {@link #wake} has to follow. */
    void giveBack() {
        state.set(State.RESTING);
    }

    /** Gives the carrier up; false if there is something to do after all. */
    boolean rest() {
        carrier = null;
        state.set(State.RESTING);
        if (isWoken && state.compareAndSet(State.RESTING, State.CARRIED)) {
            arrive();
            return false;
        }
        return true;
    }
}
