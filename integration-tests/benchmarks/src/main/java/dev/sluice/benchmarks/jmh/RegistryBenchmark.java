// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.jmh;

import dev.sluice.benchmarks.subject.Requests;
import dev.sluice.benchmarks.subject.ServiceUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.benchmarks.subject.Work;
import dev.sluice.lifecycle.ModelHandle;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** Finding the version a request is for, keeping it in memory, and letting it go again. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RegistryBenchmark {
    private final ModelRef ref = ModelRef.of(Requests.MODEL.name());

    /** Written by JMH: models there are. */
    @Param({"1", "1000"})
    public int models = 1;

    /** Written by {@link #start}. */
    @SuppressWarnings("NullAway.Init") // JMH calls start before anything else
    private ServiceUnderTest subject;

    @Setup
    public void start() {
        subject = ServiceUnderTest.start(models, new StubModel(Work.none()), new Sizing(1, 1, 100));
    }

    @TearDown
    public void stop() {
        subject.close();
    }

    @Benchmark
    @Threads(1)
    public ModelId oneThread() {
        return acquireAndRelease();
    }

    @Benchmark
    @Threads(2)
    public ModelId twoThreads() {
        return acquireAndRelease();
    }

    private ModelId acquireAndRelease() {
        try (ModelHandle handle = subject.registry().acquire(ref)) {
            return handle.id();
        }
    }
}
