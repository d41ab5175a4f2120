// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import dev.sluice.benchmarks.Pause;
import dev.sluice.benchmarks.subject.ServiceUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.benchmarks.subject.Work;
import dev.sluice.inference.Ticker;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a thousand models cost when nobody asks for any of them. */
record IdleModels(int instances) implements Scenario {
    private static final int MODELS = 1000;
    private static final Duration SETTLING = Duration.ofSeconds(1);
    private static final Duration WATCHED = Duration.ofSeconds(10);

    @Override
    public Map<String, Double> measure() {
        Ticker ticker = Ticker.system();
        Pause pause = Pause.parking(ticker);
        long startNanos = ticker.nanos();
        int threadsBefore = threads();
        try (ServiceUnderTest subject =
                ServiceUnderTest.start(MODELS, new StubModel(Work.none()), new Sizing(instances, 1, 100))) {
            double startMillis = (ticker.nanos() - startNanos) / 1e6;
            pause.until(ticker.nanos() + SETTLING.toNanos());
            CpuMeter cpu = new CpuMeter();
            pause.until(ticker.nanos() + WATCHED.toNanos());
            double corePercent = 100 * cpu.nanos() / WATCHED.toNanos();
            Map<String, Double> seen = new LinkedHashMap<>();
            seen.put("starting " + subject.registry().models().size() + " models, ms", startMillis);
            seen.put("threads they add", (double) (threads() - threadsBefore));
            seen.put("CPU over 10 s, % of a core", corePercent);
            return seen;
        }
    }

    private static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }
}
