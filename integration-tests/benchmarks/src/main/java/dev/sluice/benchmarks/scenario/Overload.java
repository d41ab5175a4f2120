// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import dev.sluice.benchmarks.Ending;
import dev.sluice.benchmarks.LoadGenerator;
import dev.sluice.benchmarks.LoadPlan;
import dev.sluice.benchmarks.LoadReport;
import dev.sluice.benchmarks.Pause;
import dev.sluice.benchmarks.Target;
import dev.sluice.benchmarks.subject.ClosedLoop;
import dev.sluice.benchmarks.subject.EndingSink;
import dev.sluice.benchmarks.subject.SchedulerUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.benchmarks.subject.Work;
import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** How much is still answered when 2 and 10 times as much is asked as two instances of 2 ms a request can do. */
record Overload(Function<Duration, Work> work) implements Scenario {
    private static final Duration SERVICE = Duration.ofMillis(2);
    private static final Duration PEAK = Duration.ofSeconds(1);
    private static final Duration SENDING = Duration.ofSeconds(2);

    @Override
    public Map<String, Double> measure() {
        StubModel model = new StubModel(work.apply(SERVICE));
        try (SchedulerUnderTest subject = SchedulerUnderTest.start(model, new Sizing(2, 1, 100))) {
            Target target = EndingSink.target(subject.scheduler(), Ticker.system());
            double before = peak(target);
            LoadReport twice = load(target, 2 * before);
            LoadReport tenfold = load(target, 10 * before);
            // Taken on both sides: on a machine that others use too, what is possible changes within seconds.
            double peak = Math.max(before, peak(target));
            Map<String, Double> seen = new LinkedHashMap<>();
            seen.put("peak, answers/s", peak);
            add(seen, "2x: ", peak, twice);
            add(seen, "10x: ", peak, tenfold);
            return seen;
        }
    }

    private static double peak(Target target) {
        return new ClosedLoop(1, 8).run(target, PEAK).rate();
    }

    private static LoadReport load(Target target, double rate) {
        Ticker ticker = Ticker.system();
        return new LoadGenerator(ticker, Pause.parking(ticker)).run(LoadPlan.lasting(rate, SENDING), target);
    }

    private static void add(Map<String, Double> seen, String load, double peak, LoadReport report) {
        seen.put(load + "goodput, % of peak", 100 * report.goodput() / peak);
        seen.put(load + "refused, % of sent", 100.0 * report.count(Ending.REFUSED) / report.sent());
        seen.put(load + "answered p99, ms", report.latency(Ending.ANSWERED).getValueAtPercentile(99) / 1e6);
        seen.put(load + "lost or answered twice", (double) (report.lost() + report.doubled()));
    }
}
