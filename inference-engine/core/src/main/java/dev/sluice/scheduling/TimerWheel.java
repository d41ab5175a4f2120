// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Timers in a ring of slots, a millisecond each: adding and removing one costs the same however many there are.
 *
 * <p><b>Threads:</b> {@link #schedule} and {@link #cancel} are safe from any thread and hold the lock of one slot for a few
 * instructions. {@link #runDue} is called by one thread at a time, the driver; {@link SchedulingTimer} is one with a thread, tests
 * are others.
 */
final class TimerWheel {
    /** What {@link #runDue} returns when there is no timer. */
    static final long NEVER = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(TimerWheel.class);

    static final long TICK_NANOS = 1_000_000;
    private static final int SLOTS = 512;

    private final long originNanos;
    private final Runnable wakeDriver;
    private final Slot[] slots = new Slot[SLOTS];

    /** Written by the driver under the lock of the slot of that tick: the last tick that has been run. */
    private volatile long lastTick = -1;

    /** Written by the driver: the tick at which it will look again; timers before that have to wake it. */
    private volatile long driverWakesAt = NEVER;

    /** @param wakeDriver runs after a timer was added that is due before the driver meant to look again */
    TimerWheel(long nowNanos, Runnable wakeDriver) {
        this.originNanos = nowNanos;
        this.wakeDriver = wakeDriver;
        for (int i = 0; i < SLOTS; i++) {
            slots[i] = new Slot();
        }
    }

    /** Has {@code timer} fire at {@code nanos}, or at most a tick later. */
    void schedule(Timer timer, long nanos) {
        long wanted = -Math.floorDiv(originNanos - nanos, TICK_NANOS);
        while (true) {
            long tick = Math.max(wanted, lastTick + 1);
            Slot slot = slotOf(tick);
            synchronized (slot) {
                if (tick <= lastTick) {
                    // The driver has just been here.
                    continue;
                }
                slot.link(timer, tick);
            }
            if (tick < driverWakesAt) {
                wakeDriver.run();
            }
            return;
        }
    }

    /** Takes {@code timer} out, if it still waits. */
    void cancel(Timer timer) {
        Slot slot = timer.slot;
        if (slot != null) {
            synchronized (slot) {
                if (timer.slot == slot) {
                    slot.unlink(timer);
                }
            }
        }
    }

    /**
     * Fires all timers due at {@code nowNanos}.
     *
     * @return when to come again, at the latest; {@link #NEVER} if no timer waits
     */
    long runDue(long nowNanos) {
        driverWakesAt = Long.MIN_VALUE;
        long now = Math.floorDiv(nowNanos - originNanos, TICK_NANOS);
        // After a long sleep one turn of the wheel comes past every timer.
        for (long tick = Math.max(lastTick + 1, now - SLOTS + 1); tick <= now; tick++) {
            removeDue(tick).forEach(TimerWheel::fire);
        }
        // Told first, looked second: a timer added in between is seen here, or its adder sees what was told.
        long next = nextTick();
        driverWakesAt = next;
        next = Math.min(next, nextTick());
        return next == NEVER ? NEVER : originNanos + next * TICK_NANOS;
    }

    private static void fire(Timer timer) {
        try {
            timer.fire();
        } catch (RuntimeException | Error e) {
            LOG.error("A timer failed; the others go on", e);
        }
    }

    /** Whether any timer waits. */
    boolean hasTimers() {
        return nextTick() != NEVER;
    }

    private List<Timer> removeDue(long tick) {
        Slot slot = slotOf(tick);
        synchronized (slot) {
            lastTick = tick;
            return slot.removeUpTo(tick);
        }
    }

    private long nextTick() {
        for (long tick = lastTick + 1; tick <= lastTick + SLOTS; tick++) {
            if (slotOf(tick).head != null) {
                return tick;
            }
        }
        return NEVER;
    }

    private Slot slotOf(long tick) {
        return slots[(int) (tick & SLOTS - 1)];
    }

    /** The timers of one tick of each turn; also the lock over their links. */
    static final class Slot {
        /** Written under the lock of this; read without it by the driver, to find out whether there is anything. */
        private volatile @Nullable Timer head;

        private void link(Timer timer, long tick) {
            Timer first = head;
            timer.tick = tick;
            timer.next = first;
            if (first != null) {
                first.previous = timer;
            }
            timer.slot = this;
            head = timer;
        }

        private void unlink(Timer timer) {
            Timer before = timer.previous;
            Timer after = timer.next;
            if (before == null) {
                head = after;
            } else {
                before.next = after;
            }
            if (after != null) {
                after.previous = before;
            }
            timer.slot = null;
            timer.next = null;
            timer.previous = null;
        }

        private List<Timer> removeUpTo(long tick) {
            if (head == null) {
                return List.of();
            }
            List<Timer> due = new ArrayList<>();
            Timer next;
            for (Timer each = head; each != null; each = next) {
                next = each.next;
                if (each.tick <= tick) {
                    unlink(each);
                    due.add(each);
                }
            }
            return due;
        }
    }
}
