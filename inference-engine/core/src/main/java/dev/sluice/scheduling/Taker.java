// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/** An instance as the queue sees it: it asks for batches when it is free, and sleeps when there is none. */
abstract class Taker {
    /** Guarded by the queue's formation lock: whether it counts among those that take batches. */
    boolean isMember;

    /** Guarded by the queue's formation lock: whether it runs a batch. */
    boolean isBusy;

    /** Guarded by the queue's formation lock: whether it runs a batch that is about to be over, and counts as free. */
    boolean isAnnounced;

    /**
     * Has it run nothing but what {@link #runLent} is called with, from now until that returns or {@link #giveBack}; only while it
     * sleeps. False if that cannot be now.
     */
    boolean lend() {
        return false;
    }

    /** Runs {@code batch} on the calling thread, to which it was lent, and takes it back. */
    void runLent(Formation.Formed batch) {
        throw new IllegalStateException("not lent");
    }

    /** Takes it back from who lent it, without having run anything. */
    void giveBack() {}

    /** Makes it ask again, now or when it next would sleep; from any thread, without blocking. */
    abstract void wake();
}
