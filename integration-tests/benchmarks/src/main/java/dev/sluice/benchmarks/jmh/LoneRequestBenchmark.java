// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.jmh;

import dev.sluice.benchmarks.subject.EndingSink;
import dev.sluice.benchmarks.subject.Requests;
import dev.sluice.benchmarks.subject.SchedulerUnderTest;
import dev.sluice.benchmarks.subject.Sizing;
import dev.sluice.benchmarks.subject.StubModel;
import dev.sluice.benchmarks.subject.Window;
import dev.sluice.benchmarks.subject.Work;
import dev.sluice.engine.Batch;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One request when nothing else is going on: what the hand-over to another thread and back adds to calling the model. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LoneRequestBenchmark {
    private final StubModel model = new StubModel(Work.none());
    private final ModelInstance instance = model.newInstance();
    private final SchedulerUnderTest subject = SchedulerUnderTest.start(model, new Sizing(1, 1, 100));
    private final SchedulerUnderTest computing =
            SchedulerUnderTest.start(new StubModel(Work.none(), true), new Sizing(1, 1, 100));
    private final InferenceRequest request = Requests.patient(0);
    private final Window window = new Window(1);
    private final ResponseSink parked = new EndingSink(ending -> window.leave());

    /** Written by the instance thread; the caller spins on it. */
    private volatile boolean answered;

    private final ResponseSink watched = new EndingSink(ending -> answered = true);

    /** Ends the thread that only wakes others. */
    private volatile boolean isOver;

    /** Written by the caller before it wakes the other thread, and by that before it wakes the caller. */
    private volatile boolean isTheirs;

    private @Nullable Thread other;

    /** A thread that does nothing but wake who woke it. */
    @Setup
    public void startOther() {
        Thread caller = Thread.currentThread();
        Thread thread = new Thread(() -> {
            while (!isOver) {
                LockSupport.park(this);
                if (isTheirs) {
                    isTheirs = false;
                    LockSupport.unpark(caller);
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        other = thread;
    }

    @TearDown
    public void stop() {
        isOver = true;
        LockSupport.unpark(other);
        subject.close();
        computing.close();
    }

    /** The floor of {@link #callerParks}: two threads wake each other, and there is nothing else. */
    @Benchmark
    public void threadsWakeEachOther() {
        isTheirs = true;
        LockSupport.unpark(other);
        while (isTheirs) {
            LockSupport.park(this);
        }
    }

    /** The floor: no scheduler. */
    @Benchmark
    public List<Outcome> direct() {
        return instance.execute(new Batch(Requests.MODEL, List.of(request)));
    }

    /** One thread to wake up: the instance. */
    @Benchmark
    public void callerSpins() {
        answered = false;
        subject.scheduler().submit(request, watched);
        while (!answered) {
            Thread.onSpinWait();
        }
    }

    /** A model whose calls only compute: after the first few, no thread to wake up. */
    @Benchmark
    public void callerRuns() {
        answered = false;
        computing.scheduler().submit(request, watched);
        while (!answered) {
            Thread.onSpinWait();
        }
    }

    /** Two threads to wake up: the instance, then the caller. */
    @Benchmark
    public void callerParks() {
        window.enter();
        subject.scheduler().submit(request, parked);
        window.drain();
    }
}
