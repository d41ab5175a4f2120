// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import dev.sluice.benchmarks.Ending;
import dev.sluice.benchmarks.Pause;
import dev.sluice.benchmarks.subject.EndingSink;
import dev.sluice.benchmarks.subject.Gate;
import dev.sluice.benchmarks.subject.Requests;
import dev.sluice.benchmarks.subject.SchedulerUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.inference.Ticker;
import dev.sluice.scheduling.RequestScheduler;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;

/** When requests that wait behind a hanging engine learn that their deadline of 50 ms has passed. The engine hangs for 1 s. */
final class BlockedEngine implements Scenario {
    private static final int REQUESTS = 1000;
    private static final Duration DEADLINE = Duration.ofMillis(50);
    private static final Duration BLOCKED = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final Ticker ticker = Ticker.system();
    private final Pause pause = Pause.parking(ticker);

    @Override
    public Map<String, Double> measure() {
        Gate gate = new Gate();
        Seen seen = new Seen();
        try (SchedulerUnderTest subject =
                SchedulerUnderTest.start(new StubModel(gate), new Sizing(1, 1, 2 * REQUESTS))) {
            subject.scheduler().submit(Requests.patient(ticker.nanos()), new EndingSink(ending -> {}));
            gate.awaitEntered();
            for (int i = 0; i < REQUESTS; i++) {
                send(subject.scheduler(), seen);
            }
            pause.until(ticker.nanos() + BLOCKED.toNanos());
            double whileBlocked = seen.late.getTotalCount();
            gate.open();
            pause.until(ticker.nanos() + PATIENCE.toNanos());
            return seen.measures(whileBlocked);
        } finally {
            gate.open();
        }
    }

    private void send(RequestScheduler scheduler, Seen seen) {
        long now = ticker.nanos();
        long deadline = now + DEADLINE.toNanos();
        scheduler.submit(
                Requests.withDeadline(now, deadline),
                new EndingSink(ending -> seen.add(ending, ticker.nanos() - deadline)));
    }

    /** What became of them. */
    private static final class Seen {
        private final ConcurrentHistogram late = new ConcurrentHistogram(3);
        private final LongAdder early = new LongAdder();
        private final LongAdder executed = new LongAdder();

        void add(Ending ending, long lateNanos) {
            if (ending == Ending.ANSWERED) {
                executed.increment();
            }
            if (lateNanos < 0) {
                early.increment();
            }
            late.recordValue(Math.max(0, lateNanos));
        }

        Map<String, Double> measures(double whileBlocked) {
            Map<String, Double> measures = new LinkedHashMap<>();
            measures.put("ended while the engine hung, of " + REQUESTS, whileBlocked);
            measures.put("ended within 5 ms of the deadline", (double) late.getCountBetweenValues(0, 5_000_000));
            measures.put("after the deadline p50, ms", late.getValueAtPercentile(50) / 1e6);
            measures.put("after the deadline p99, ms", late.getValueAtPercentile(99) / 1e6);
            measures.put("after the deadline max, ms", late.getMaxValue() / 1e6);
            measures.put("ended before the deadline", early.doubleValue());
            measures.put("executed although late", executed.doubleValue());
            measures.put("lost", (double) (REQUESTS - late.getTotalCount()));
            return measures;
        }
    }
}
