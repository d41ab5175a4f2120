// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import dev.sluice.benchmarks.Target;
import dev.sluice.benchmarks.subject.ClosedLoop;
import dev.sluice.benchmarks.subject.EndingSink;
import dev.sluice.benchmarks.subject.Gate;
import dev.sluice.benchmarks.subject.SchedulerUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.benchmarks.subject.Work;
import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Processor time of a refusal next to that of an answer, when the engine itself costs nothing and when it costs 1 ms. */
final class RefusalCost implements Scenario {
    private static final Duration WARM_UP = Duration.ofSeconds(1);
    private static final Duration MEASURED = Duration.ofSeconds(1);
    private static final int REFUSALS = 10_000_000;

    private final Ticker ticker = Ticker.system();

    @Override
    public Map<String, Double> measure() {
        double noOp = answer(Work.none());
        double oneMilli = answer(Work.spinning(Duration.ofMillis(1)));
        double refusal = refusal();
        Map<String, Double> seen = new LinkedHashMap<>();
        seen.put("answer of a no-op engine, CPU us", noOp / 1e3);
        seen.put("refusal, CPU us", refusal / 1e3);
        seen.put("refusal / answer of a no-op engine, %", 100 * refusal / noOp);
        seen.put("refusal / answer of a 1 ms engine, %", 100 * refusal / oneMilli);
        return seen;
    }

    private double answer(Work work) {
        try (SchedulerUnderTest subject = SchedulerUnderTest.start(new StubModel(work), new Sizing(1, 1, 100))) {
            Target target = EndingSink.target(subject.scheduler(), ticker);
            ClosedLoop loop = new ClosedLoop(1, 64);
            ClosedLoop.Result unused = loop.run(target, WARM_UP);
            CpuMeter cpu = new CpuMeter();
            long answered = loop.run(target, MEASURED).answered();
            return cpu.nanos() / answered;
        }
    }

    private double refusal() {
        Gate gate = new Gate();
        try (SchedulerUnderTest subject = SchedulerUnderTest.start(new StubModel(gate), new Sizing(1, 1, 1))) {
            gate.fill(subject.scheduler());
            Target target = EndingSink.target(subject.scheduler(), ticker);
            sendAll(target);
            CpuMeter cpu = new CpuMeter();
            sendAll(target);
            double nanos = cpu.nanos() / REFUSALS;
            gate.open();
            return nanos;
        } finally {
            gate.open();
        }
    }

    private static void sendAll(Target target) {
        for (int i = 0; i < REFUSALS; i++) {
            target.send(ending -> {});
        }
    }
}
