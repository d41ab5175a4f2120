// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * Has a thread of its own write what it is given. When that falls behind by as many lines as the queue holds, lines below
 * warnings are dropped and counted, so that nobody waits for a slow disk; warnings and errors wait, and are never dropped.
 *
 * <p><b>Threads:</b> lines come from any thread.
 *
 * <p><b>Ownership:</b> starts and stops the appender behind it. Stopping writes what is queued, within a bound of time.
 */
final class BoundedAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
    static final int CAPACITY = 8192;
    private static final Duration STOP_WITHIN = Duration.ofSeconds(2);

    private final Appender<ILoggingEvent> target;
    private final BlockingQueue<ILoggingEvent> queue;
    private final LongAdder dropped = new LongAdder();
    private final Thread writer;

    /** Written by who stops it: whether the writer ends when the queue is empty. */
    private volatile boolean ending;

    BoundedAppender(Appender<ILoggingEvent> target, int capacity) {
        this.target = target;
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.writer = new Thread(this::write, "log-" + target.getName());
        writer.setDaemon(true);
    }

    @Override
    public void start() {
        if (!target.isStarted()) {
            target.start();
        }
        super.start();
        writer.start();
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing();
        if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            putEvenIfInterrupted(event);
        } else if (!queue.offer(event)) {
            dropped.increment();
        }
    }

    private void putEvenIfInterrupted(ILoggingEvent event) {
        boolean interrupted = false;
        while (true) {
            try {
                queue.put(event);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        while (true) {
            ILoggingEvent next = null;
            try {
                next = ending ? queue.poll() : queue.take();
            } catch (InterruptedException e) {
                // It was told to end, and looks again.
                continue;
            }
            if (next == null) {
                return;
            }
            target.doAppend(next);
        }
    }

    /** Lines that were not written since the disk was too slow. */
    long dropped() {
        return dropped.sum();
    }

    Appender<ILoggingEvent> target() {
        return target;
    }

    @Override
    public void stop() {
        if (!isStarted()) {
            return;
        }
        super.stop();
        ending = true;
        writer.interrupt();
        boolean interrupted = false;
        try {
            writer.join(STOP_WITHIN.toMillis());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        target.stop();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
