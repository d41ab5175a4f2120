// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.jmh;

import dev.sluice.benchmarks.subject.EndingSink;
import dev.sluice.benchmarks.subject.Gate;
import dev.sluice.benchmarks.subject.Requests;
import dev.sluice.benchmarks.subject.SchedulerUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Being turned away by a full queue; compare with {@link ThroughputBenchmark}. The deeper the caller's stack, the more an
 * exception costs, and a transport's is deep.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RefusalBenchmark {
    private final Gate gate = new Gate();
    private final SchedulerUnderTest subject = SchedulerUnderTest.start(new StubModel(gate), new Sizing(1, 1, 1));
    private final InferenceRequest request = Requests.patient(0);
    private final ResponseSink sink = new EndingSink(ending -> {});

    /** Written by JMH: frames below the one that submits. */
    @Param({"0", "50"})
    public int stack;

    @Setup
    public void fill() {
        gate.fill(subject.scheduler());
    }

    @TearDown
    public void stop() {
        gate.open();
        subject.close();
    }

    @Benchmark
    public ServingException refusal() {
        return refusedBelow(stack);
    }

    private ServingException refusedBelow(int frames) {
        if (frames > 0) {
            return refusedBelow(frames - 1);
        }
        try {
            subject.scheduler().submit(request, sink);
        } catch (ServingException refusal) {
            return refusal;
        }
        throw new IllegalStateException("the queue has room (expected: none)");
    }
}
