// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that all schedulers of a process share: the timer, and the carriers, each of which runs one instance at a time and
 * is given back when that has nothing to do. So there are as many as instances are busy, and none while nothing happens. All of
 * them are daemons and end when they have not been needed for a while, so that this needs no closing.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class SchedulingThreads {
    /** How long an instance that has run a batch keeps its carrier: waking it is cheaper than to find another. */
    static final Duration LINGER = Duration.ofSeconds(1);

    /** How long a carrier stays that carries nothing. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

    private final SchedulingTimer timer;
    private final Executor carriers;
    private final long lingerNanos;

    public SchedulingThreads(Ticker ticker) {
        this(ticker, newCarriers(), LINGER);
    }

    /** @param carriers runs what it is given at once, whatever else it runs, on other threads than those that give it */
    SchedulingThreads(Ticker ticker, Executor carriers, Duration linger) {
        this.timer = new SchedulingTimer(ticker);
        this.carriers = carriers;
        this.lingerNanos = linger.toNanos();
    }

    private static Executor newCarriers() {
        AtomicInteger number = new AtomicInteger();
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS, new SynchronousQueue<>(), carried -> {
                    Thread thread = new Thread(null, carried, "carrier-" + number.incrementAndGet(), 0, false);
                    thread.setDaemon(true);
                    return thread;
                });
    }

    Ticker ticker() {
        return timer.ticker();
    }

    TimerWheel timers() {
        return timer.wheel();
    }

    Executor carriers() {
        return carriers;
    }

    long lingerNanos() {
        return lingerNanos;
    }
}
