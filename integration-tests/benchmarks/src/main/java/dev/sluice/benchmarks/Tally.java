// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Counts the requests of one run, each from the time it was meant to be sent to its first ending.
 *
 * <p><b>Threads:</b> endings come on any thread; all else is the sender's.
 */
final class Tally {
    private static final int DIGITS = 3;

    private final Ticker ticker;
    private final Map<Ending, ConcurrentHistogram> latencies = new EnumMap<>(Ending.class);
    private final Histogram lateness = new Histogram(DIGITS);
    private final LongAdder ended = new LongAdder();
    private final LongAdder doubled = new LongAdder();
    private final AtomicLong lastEndNanos;

    /** Written by the sender. */
    private long sent;

    Tally(Ticker ticker) {
        this.ticker = ticker;
        this.lastEndNanos = new AtomicLong(ticker.nanos());
        for (Ending ending : Ending.values()) {
            latencies.put(ending, new ConcurrentHistogram(DIGITS));
        }
    }

    long sent() {
        return sent;
    }

    void send(Target target, long intendedNanos) {
        sent++;
        lateness.recordValue(since(intendedNanos, ticker.nanos()));
        target.send(new Call(intendedNanos));
    }

    void awaitEndings(Pause pause, Duration patience) {
        long giveUpNanos = ticker.nanos() + patience.toNanos();
        while (ended.sum() < sent && ticker.nanos() - giveUpNanos < 0) {
            pause.until(ticker.nanos() + TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    LoadReport report(long startNanos) {
        Map<Ending, Histogram> copies = new EnumMap<>(Ending.class);
        latencies.forEach((ending, histogram) -> copies.put(ending, histogram.copy()));
        double seconds = (double) (lastEndNanos.get() - startNanos) / TimeUnit.SECONDS.toNanos(1);
        return new LoadReport(sent, seconds, copies, lateness.copy(), doubled.sum());
    }

    private static long since(long earlierNanos, long laterNanos) {
        return Math.max(0, laterNanos - earlierNanos);
    }

    /** One request's way back. */
    private final class Call implements Consumer<Ending> {
        private final long intendedNanos;
        private final AtomicBoolean over = new AtomicBoolean();

        Call(long intendedNanos) {
            this.intendedNanos = intendedNanos;
        }

        @Override
        public void accept(Ending ending) {
            if (!over.compareAndSet(false, true)) {
                doubled.increment();
                return;
            }
            long now = ticker.nanos();
            Objects.requireNonNull(latencies.get(ending)).recordValue(since(intendedNanos, now));
            lastEndNanos.accumulateAndGet(now, (seen, mine) -> mine - seen > 0 ? mine : seen);
            ended.increment();
        }
    }
}
