// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.jmh;

import dev.sluice.benchmarks.subject.EndingSink;
import dev.sluice.benchmarks.subject.Requests;
import dev.sluice.benchmarks.subject.SchedulerUnderTest;
import dev.sluice.benchmarks.subject.ServiceUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.benchmarks.subject.Window;
import dev.sluice.benchmarks.subject.Work;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import java.util.function.BiConsumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Requests through the core with an engine that does nothing, each producer keeping 64 under way. One operation is one request
 * and its answer; what it allocates is the core's, for request and sink are made once.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ThroughputBenchmark {
    private static final int OUTSTANDING = 64;

    /** Written by JMH: into the scheduler itself, or through registry and service. */
    @Param({"scheduler", "service"})
    public String entry = "scheduler";

    /** Written by JMH. */
    @Param({"1", "32"})
    public int maxBatch = 1;

    /** Written by JMH. */
    @Param("1")
    public int instances = 1;

    private final InferenceRequest request = Requests.patient(0);

    /** Written by {@link #start}. */
    private AutoCloseable subject = () -> {};

    /** Written by {@link #start}. */
    private BiConsumer<InferenceRequest, ResponseSink> submit = (unused, sink) -> {};

    @Setup
    public void start() {
        StubModel model = new StubModel(Work.none());
        Sizing sizing = new Sizing(instances, maxBatch, 1000);
        if (entry.equals("service")) {
            ServiceUnderTest service = ServiceUnderTest.start(1, model, sizing);
            subject = service;
            submit = service.service()::infer;
        } else {
            SchedulerUnderTest scheduler = SchedulerUnderTest.start(model, sizing);
            subject = scheduler;
            submit = scheduler.scheduler()::submit;
        }
    }

    @TearDown
    public void stop() throws Exception {
        subject.close();
    }

    /** What one producer has under way. */
    @State(Scope.Thread)
    public static class Producer {
        final Window window = new Window(OUTSTANDING);
        final ResponseSink sink = new EndingSink(ending -> window.leave());

        @TearDown(Level.Iteration)
        public void drain() {
            window.drain();
        }
    }

    @Benchmark
    @Threads(1)
    public void oneProducer(Producer producer) {
        send(producer);
    }

    @Benchmark
    @Threads(2)
    public void twoProducers(Producer producer) {
        send(producer);
    }

    private void send(Producer producer) {
        producer.window.enter();
        submit.accept(request, producer.sink);
    }
}
