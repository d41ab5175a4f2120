// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

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

/** Whether 8 callers of an engine that keeps 2 cores busy for 15 ms a request all wait about as long as each other. */
final class Fairness implements Scenario {
    private static final Duration SERVICE = Duration.ofMillis(15);
    private static final Duration DURATION = Duration.ofSeconds(5);

    @Override
    public Map<String, Double> measure() {
        StubModel model = new StubModel(Work.spinning(SERVICE));
        try (SchedulerUnderTest subject = SchedulerUnderTest.start(model, new Sizing(2, 1, 100))) {
            ClosedLoop.Result result =
                    new ClosedLoop(8, 1).run(EndingSink.target(subject.scheduler(), Ticker.system()), DURATION);
            double p50 = result.latency().getValueAtPercentile(50) / 1e6;
            double p99 = result.latency().getValueAtPercentile(99) / 1e6;
            Map<String, Double> seen = new LinkedHashMap<>();
            seen.put("answers/s", result.rate());
            seen.put("p50, ms", p50);
            seen.put("p99, ms", p99);
            seen.put("max, ms", result.latency().getMaxValue() / 1e6);
            seen.put("p99 / p50", p99 / p50);
            return seen;
        }
    }
}
