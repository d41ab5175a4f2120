// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

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
import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** How long requests wait for an engine that takes no time, at a light load and at half of what the scheduler can take. */
final class HalfLoad implements Scenario {
    private static final Duration WARM_UP = Duration.ofSeconds(1);
    private static final Duration PEAK = Duration.ofSeconds(1);
    private static final Duration SENDING = Duration.ofSeconds(2);

    private final Ticker ticker = Ticker.system();

    @Override
    public Map<String, Double> measure() {
        ConcurrentHistogram queued = new ConcurrentHistogram(3);
        StubModel model = new StubModel(batch -> {
            long now = ticker.nanos();
            batch.requests()
                    .forEach(request ->
                            queued.recordValue(now - request.context().admittedNanos()));
        });
        try (SchedulerUnderTest subject = SchedulerUnderTest.start(model, new Sizing(1, 1, 10_000))) {
            return measure(EndingSink.target(subject.scheduler(), ticker), queued);
        }
    }

    private Map<String, Double> measure(Target target, Histogram queued) {
        ClosedLoop loop = new ClosedLoop(1, 64);
        ClosedLoop.Result unused = loop.run(target, WARM_UP);
        CpuMeter cpu = new CpuMeter();
        ClosedLoop.Result peak = loop.run(target, PEAK);
        double cpuNanos = cpu.nanos() / peak.answered();
        Map<String, Double> seen = new LinkedHashMap<>();
        seen.put("peak, answers/s (1 producer, 64 outstanding)", peak.rate());
        seen.put("CPU at peak, us/answer", cpuNanos / 1e3);
        add(seen, "10,000/s: ", 10_000, target, queued);
        add(seen, "half load: ", peak.rate() / 2, target, queued);
        return seen;
    }

    private void add(Map<String, Double> seen, String load, double rate, Target target, Histogram queued) {
        queued.reset();
        LoadReport report =
                new LoadGenerator(ticker, Pause.spinning(ticker)).run(LoadPlan.lasting(rate, SENDING), target);
        seen.put(load + "answers/s", report.goodput());
        seen.put(load + "queue time p50, us", queued.getValueAtPercentile(50) / 1e3);
        seen.put(load + "queue time p99, us", queued.getValueAtPercentile(99) / 1e3);
        seen.put(load + "sent late p99, us", report.lateness().getValueAtPercentile(99) / 1e3);
        seen.put(load + "lost or answered twice", (double) (report.lost() + report.doubled()));
    }
}
