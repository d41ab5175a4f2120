// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/** An instance as the queue sees it: it asks for batches when it is free, and sleeps when there is none. */
abstract class Taker {
    /** Guarded by the queue's formation lock: whether it counts among those that take batches. */
    boolean isMember;

    /** Guarded by the queue's formation lock: whether it runs a batch. */
    boolean isBusy;

    /** Makes it ask again, now or when it next would sleep; from any thread, without blocking. */
    abstract void wake();
}
