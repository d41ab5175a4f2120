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
    private static final Duration PEAK = Duration.ofSeconds(2);
    private static final Duration SENDING = Duration.ofSeconds(2);

    /** Answers a second, and a second of processor time: the latter does not depend on what others leave of the machine. */
    private record Speed(double perSecond, double perCpuSecond) {}

    @Override
    public Map<String, Double> measure() {
        StubModel model = new StubModel(work.apply(SERVICE));
        try (SchedulerUnderTest subject = SchedulerUnderTest.start(model, new Sizing(2, 1, 200))) {
            Target target = EndingSink.target(subject.scheduler(), Ticker.system());
            Speed peak = peak(target);
            Map<String, Double> seen = new LinkedHashMap<>();
            seen.put("peak, answers/s", peak.perSecond);
            add(seen, 2, peak, target);
            add(seen, 10, peak, target);
            return seen;
        }
    }

    private static Speed peak(Target target) {
        CpuMeter cpu = new CpuMeter();
        // So many that the instances have work for 64 ms while the caller waits for a core.
        ClosedLoop.Result result = new ClosedLoop(1, 128).run(target, PEAK);
        return new Speed(result.rate(), 1e9 * result.answered() / cpu.nanos());
    }

    private static void add(Map<String, Double> seen, int times, Speed peak, Target target) {
        Ticker ticker = Ticker.system();
        CpuMeter cpu = new CpuMeter();
        LoadReport report = new LoadGenerator(ticker, Pause.parking(ticker))
                .run(LoadPlan.lasting(times * peak.perSecond, SENDING), target);
        double perCpuSecond = 1e9 * report.count(Ending.ANSWERED) / cpu.nanos();
        String load = times + "x: ";
        seen.put(load + "goodput, % of peak", 100 * report.goodput() / peak.perSecond);
        seen.put(load + "goodput per CPU time, % of peak", 100 * perCpuSecond / peak.perCpuSecond);
        seen.put(load + "refused, % of sent", 100.0 * report.count(Ending.REFUSED) / report.sent());
        seen.put(load + "answered p99, ms", report.latency(Ending.ANSWERED).getValueAtPercentile(99) / 1e6);
        seen.put(load + "lost or answered twice", (double) (report.lost() + report.doubled()));
    }
}
