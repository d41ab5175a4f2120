// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one timer of a process: every scheduler's deadlines and limits wait here, to the millisecond, on one thread. It sleeps while
 * nothing is due, and ends when there has been nothing to wait for in a while; the next timer starts it again, so it needs no
 * closing.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class SchedulingTimer {
    private static final Logger LOG = LoggerFactory.getLogger(SchedulingTimer.class);

    /** How long the thread stays without a timer. */
    private static final long KEEP_ALIVE_NANOS = Duration.ofSeconds(10).toNanos();

    /** Longest sleep while a timer waits, so that tickers which do not run evenly are followed. */
    private static final long LONGEST_SLEEP_NANOS = Duration.ofMillis(50).toNanos();

    /** How long to leave timers after a round that failed, for the memory to come back that it may have lacked. */
    private static final long AFTER_FAILURE_NANOS = Duration.ofMillis(10).toNanos();

    private final Ticker ticker;
    private final TimerWheel wheel;
    private final AtomicReference<@Nullable Thread> driver = new AtomicReference<>();

    SchedulingTimer(Ticker ticker) {
        this.ticker = ticker;
        this.wheel = new TimerWheel(ticker.nanos(), this::wakeDriver);
    }

    /** The clock it goes by. */
    Ticker ticker() {
        return ticker;
    }

    TimerWheel wheel() {
        return wheel;
    }

    private void wakeDriver() {
        Thread running = driver.get();
        if (running != null) {
            LockSupport.unpark(running);
            return;
        }
        Thread started = new Thread(this::drive, "scheduling-timer");
        started.setDaemon(true);
        if (!driver.compareAndSet(null, started)) {
            wakeDriver();
            return;
        }
        try {
            started.start();
        } catch (OutOfMemoryError e) {
            LOG.error("The timer could not be started; the next request tries again", e);
            driver.set(null);
        }
    }

    private void drive() {
        Thread self = Thread.currentThread();
        do {
            long idleNanos = 0;
            while (idleNanos < KEEP_ALIVE_NANOS) {
                long before = System.nanoTime();
                boolean isEmpty = runRound();
                idleNanos = isEmpty ? idleNanos + System.nanoTime() - before : 0;
            }
            // Gone first, looked second: whoever adds a timer now either sees no thread and starts one, or is seen
            // here.
            driver.set(null);
        } while (wheel.hasTimers() && driver.compareAndSet(null, self));
    }

    /** One round, whatever happens in it: a thread that ended here would be taken for one that sleeps, and every deadline with it. */
    private boolean runRound() {
        try {
            return runDueAndSleep();
        } catch (RuntimeException | Error e) {
            logFailure(e);
            LockSupport.parkNanos(this, AFTER_FAILURE_NANOS);
            return false;
        }
    }

    private static void logFailure(Throwable failure) {
        try {
            LOG.error("A round of the timer failed; the next one follows", failure);
        } catch (RuntimeException | Error e) {
            // There may be no memory for the message either.
        }
    }

    /** @return whether there was nothing to wait for */
    private boolean runDueAndSleep() {
        long next = wheel.runDue(ticker.nanos());
        if (next == TimerWheel.NEVER) {
            LockSupport.parkNanos(this, KEEP_ALIVE_NANOS);
            return true;
        }
        LockSupport.parkNanos(this, Math.min(next - ticker.nanos(), LONGEST_SLEEP_NANOS));
        return false;
    }
}
