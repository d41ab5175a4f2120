// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import org.jspecify.annotations.Nullable;

/** Something that happens at a time unless cancelled before; scheduled on one {@link TimerWheel}, once. */
abstract class Timer {
    /** Written under the slot's lock: where it waits; null before and after. */
    volatile TimerWheel.@Nullable Slot slot;

    /** Guarded by the slot's lock. */
    long tick;

    /** Guarded by the slot's lock. */
    @Nullable
    Timer next;

    /** Guarded by the slot's lock. */
    @Nullable
    Timer previous;

    /** Its time has come. Called on the timer's thread, at most once; must not block and must not throw. */
    abstract void fire();
}
