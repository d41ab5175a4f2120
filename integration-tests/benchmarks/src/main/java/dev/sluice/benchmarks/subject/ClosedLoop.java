// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.benchmarks.Ending;
import dev.sluice.benchmarks.Target;
import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Callers that each send their next request when an earlier one has been answered: what a target can do at most.
 *
 * @param callers threads that send
 * @param outstanding requests each of them has under way
 */
public record ClosedLoop(int callers, int outstanding) {
    /**
     * What was seen.
     *
     * @param latency nanoseconds from sending to the ending
     */
    public record Result(long answered, double seconds, Histogram latency) {
        /** Answers a second. */
        public double rate() {
            return answered / seconds;
        }
    }

    /** Sends to {@code target} for {@code duration}, and waits for the last endings. */
    public Result run(Target target, Duration duration) {
        Ticker ticker = Ticker.system();
        ConcurrentHistogram latency = new ConcurrentHistogram(3);
        LongAdder answered = new LongAdder();
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        long startNanos = ticker.nanos();
        long endNanos = startNanos + duration.toNanos();
        try {
            List<CompletableFuture<Void>> running = Stream.generate(() -> CompletableFuture.runAsync(
                            () -> call(target, ticker, endNanos, answered, latency), threads))
                    .limit(callers)
                    .toList();
            CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).join();
        } finally {
            threads.shutdown();
        }
        double seconds = (double) (ticker.nanos() - startNanos) / TimeUnit.SECONDS.toNanos(1);
        return new Result(answered.sum(), seconds, latency);
    }

    private void call(Target target, Ticker ticker, long endNanos, LongAdder answered, ConcurrentHistogram latency) {
        Window window = new Window(outstanding);
        while (endNanos - ticker.nanos() > 0) {
            window.enter();
            long sentNanos = ticker.nanos();
            target.send(ending -> {
                latency.recordValue(ticker.nanos() - sentNanos);
                if (ending == Ending.ANSWERED) {
                    answered.increment();
                }
                window.leave();
            });
        }
        window.drain();
    }
}
