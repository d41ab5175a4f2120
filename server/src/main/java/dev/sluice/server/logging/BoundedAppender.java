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
 * Has a thread of its own write what it is given. When that falls behind, lines are dropped and counted, so that nobody waits
 * for a slow disk, event loops least of all. The last quarter of the queue is for warnings and errors alone.
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
    private final int reserved;
    private final LongAdder dropped = new LongAdder();
    private final Thread writer;

    /** Written by who stops it: whether the writer ends when the queue is empty. */
    private volatile boolean ending;

    BoundedAppender(Appender<ILoggingEvent> target, int capacity) {
        this.target = target;
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.reserved = capacity / 4;
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
        boolean isUrgent = event.getLevel().isGreaterOrEqual(Level.WARN);
        if (!isUrgent && queue.remainingCapacity() <= reserved) {
            dropped.increment();
            return;
        }
        event.prepareForDeferredProcessing();
        if (!queue.offer(event)) {
            dropped.increment();
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
            append(next, target);
        }
    }

    /** Whatever a line does to the one who writes it, the next one is written. */
    private void append(ILoggingEvent event, Appender<ILoggingEvent> to) {
        try {
            to.doAppend(event);
        } catch (RuntimeException | Error e) {
            dropped.increment();
            addError("A line could not be written", e);
        }
    }

    /** Lines that were not written, since the disk was too slow. */
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
