// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.CountedCarriers;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import dev.sluice.model.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a request runs on the thread that submits it, and that nothing else changes by that. */
class CallerRunsTest {
    /** More than it takes to be trusted. */
    private static final int MANY = 100;

    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final FakeTicker ticker = new FakeTicker();
    private final CountedCarriers carriers = new CountedCarriers();
    private final List<Thread> ranOn = new CopyOnWriteArrayList<>();

    /** Written by the test's thread. */
    private volatile Function<Batch, List<Outcome>> script = this::answers;

    private final ScriptedModel model = new ScriptedModel(batch -> {
        ranOn.add(Thread.currentThread());
        return script.apply(batch);
    });
    private final List<BatchingScheduler> started = new ArrayList<>();

    /** {@link #model}, which says that it only computes. */
    private final LoadedModel computing = new LoadedModel() {
        @Override
        public Signature signature() {
            return model.signature();
        }

        @Override
        public ModelInstance newInstance() {
            return model.newInstance();
        }

        @Override
        public boolean isComputeOnly() {
            return true;
        }

        @Override
        public void close() {
            model.close();
        }
    };

    @AfterEach
    void leavesNothingBehind() throws Exception {
        for (BatchingScheduler scheduler : started) {
            end(scheduler.resize(0));
        }
        model.close();
        assertThat(model.violations()).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
    }

    private static void end(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private List<Outcome> answers(Batch batch) {
        return ScriptedModel.answers(numbers, batch);
    }

    private BatchingScheduler scheduler(LoadedModel served, BatchSpec batching, Ticker clock, Optional<Duration> limit)
            throws Exception {
        return scheduler(served, batching, new SchedulingThreads(clock, carriers, Duration.ZERO), limit);
    }

    private BatchingScheduler scheduler(
            LoadedModel served, BatchSpec batching, SchedulingThreads threads, Optional<Duration> limit)
            throws Exception {
        return scheduler(served, new SizeOrDelayPolicy(batching), threads, limit);
    }

    private BatchingScheduler scheduler(
            LoadedModel served, BatchPolicy policy, SchedulingThreads threads, Optional<Duration> limit)
            throws Exception {
        BatchingScheduler scheduler = new BatchingScheduler(
                new ModelId("m", "1.0"),
                served,
                policy,
                new SchedulerSettings(100, LimitSpec.ANY_BYTES, limit, PrioritySpec.NONE),
                (id, size, queueNanos, computeNanos) -> {},
                threads,
                () -> Instant.EPOCH);
        started.add(scheduler);
        end(scheduler.resize(1));
        return scheduler;
    }

    private BatchingScheduler scheduler(LoadedModel served) throws Exception {
        return scheduler(served, new BatchSpec(1, Duration.ZERO), ticker, Optional.empty());
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number, Cancellation cancellation) {
        RecordingSink sink = new RecordingSink();
        scheduler.submit(numbers.request(number, cancellation, RequestContext.NO_DEADLINE), sink);
        return sink;
    }

    private void awaitRest() {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> carriers.running() == 0);
    }

    /** Asks when the instance is at rest; the thread it ran on. */
    private Thread ask(BatchingScheduler scheduler, int number) throws InterruptedException {
        awaitRest();
        RecordingSink sink = submit(scheduler, number, new Cancellation());
        assertThat(sink.number()).isEqualTo(Numbers.expected(number));
        assertThat(sink.ends()).isEqualTo(1);
        return ranOn.get(ranOn.size() - 1);
    }

    private BatchingScheduler trusted(BatchingScheduler scheduler) throws InterruptedException {
        for (int i = 0; i < MANY; i++) {
            Thread unused = ask(scheduler, i);
        }
        assertThat(ask(scheduler, MANY)).isSameAs(Thread.currentThread());
        return scheduler;
    }

    @Test
    void runsHereOnceEnoughShortCallsWereSeen() throws Exception {
        BatchingScheduler scheduler = scheduler(computing);
        for (int i = 0; i < 40; i++) {
            assertThat(ask(scheduler, i)).as("call %d", i).isNotSameAs(Thread.currentThread());
        }
        trusted(scheduler);
        int before = carriers.started();
        trusted(scheduler);

        assertThat(carriers.started()).as("no thread was woken").isEqualTo(before);
    }

    /** Planted: lingering on; the carrier then got what the caller could have run. */
    @Test
    void aCarrierThatLingersGoesWhenCallersMayRun() throws Exception {
        SchedulingThreads threads = new SchedulingThreads(ticker, carriers, Duration.ofHours(1));
        BatchingScheduler scheduler = scheduler(computing, new BatchSpec(1, Duration.ZERO), threads, Optional.empty());
        for (int i = 0; i < MANY; i++) {
            assertThat(submit(scheduler, i, new Cancellation()).number()).isEqualTo(Numbers.expected(i));
        }

        trusted(scheduler);
    }

    /** Planted: the model's word not asked for. */
    @Test
    void runsNothingHereOfAModelThatMayWait() throws Exception {
        BatchingScheduler scheduler = scheduler(model);
        for (int i = 0; i < MANY; i++) {
            assertThat(ask(scheduler, i)).isNotSameAs(Thread.currentThread());
        }
    }

    /** Planted: the mean instead of the longest. */
    @Test
    void oneLongCallEndsItUntilEnoughShortOnesWereSeen() throws Exception {
        BatchingScheduler scheduler = trusted(scheduler(computing));
        script = batch -> {
            ticker.advance(Duration.ofMillis(1));
            return answers(batch);
        };
        assertThat(ask(scheduler, 1)).as("nobody knew").isSameAs(Thread.currentThread());
        script = this::answers;

        for (int i = 0; i < 40; i++) {
            assertThat(ask(scheduler, i)).as("call %d", i).isNotSameAs(Thread.currentThread());
        }
        trusted(scheduler);
    }

    /** Planted: an instance lent though a carrier has it; violations of the model. A lent one that is never given back. */
    @Test
    void handsOverWhileTheInstanceIsBusy() throws Exception {
        BatchingScheduler scheduler = trusted(scheduler(computing));
        Gate gate = new Gate();
        script = batch -> {
            if (Numbers.number(batch.requests().get(0)) == 0) {
                gate.pass();
            }
            return answers(batch);
        };
        CompletableFuture<RecordingSink> running = CompletableFuture.supplyAsync(
                () -> submit(scheduler, 0, new Cancellation()), task -> new Thread(task).start());
        gate.awaitArrival();
        RecordingSink waits = submit(scheduler, 1, new Cancellation());
        assertThat(waits.isDone()).isFalse();
        gate.open();

        assertThat(waits.number()).isEqualTo(Numbers.expected(1));
        assertThat(running.get(10, TimeUnit.SECONDS).number()).isEqualTo(Numbers.expected(0));
        trusted(scheduler);
    }

    /** Planted: the caller's listener added after the run. */
    @Test
    void aCallerMayLeaveWhileItsRequestRunsHere() throws Exception {
        BatchingScheduler scheduler = trusted(scheduler(computing));
        Cancellation cancellation = new Cancellation();
        script = batch -> {
            cancellation.cancel();
            return answers(batch);
        };
        assertThat(submit(scheduler, 1, cancellation).code()).isEqualTo(ErrorCode.CANCELLED);

        Cancellation gone = new Cancellation();
        gone.cancel();
        int before = ranOn.size();
        RecordingSink never = submit(scheduler, 1, gone);
        assertThat(never.code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(never.ends()).isEqualTo(1);
        assertThat(ranOn).hasSize(before);
    }

    /** Planted: a stop that is not seen after the call. */
    @Test
    void anInstanceToldToStopWhileItRunsHereEndsOnACarrier() throws Exception {
        BatchingScheduler scheduler = trusted(scheduler(computing));
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        script = batch -> {
            CompletionStage<Void> unused = scheduler.resize(0).thenRun(() -> stopped.complete(null));
            assertThat(stopped).isNotDone();
            return answers(batch);
        };
        int before = carriers.started();
        assertThat(submit(scheduler, 7, new Cancellation()).number()).isEqualTo(Numbers.expected(7));

        end(stopped);
        assertThat(carriers.started()).isEqualTo(before + 1);
        assertThat(scheduler.instances()).isEmpty();
    }

    /** Planted: a broken context used again. */
    @Test
    void anErrorHereHasTheContextMadeAnew() throws Exception {
        BatchingScheduler scheduler = trusted(scheduler(computing));
        script = batch -> {
            throw new LinkageError("broken");
        };
        assertThat(submit(scheduler, 1, new Cancellation()).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        script = this::answers;

        assertThat(ask(scheduler, 2)).as("a failure is no short call").isNotSameAs(Thread.currentThread());
        assertThat(model.created()).isEqualTo(2);
    }

    @Test
    void aCallThatHangsHereIsAnsweredAndItsInstanceReplaced() throws Exception {
        BatchingScheduler scheduler = trusted(
                scheduler(computing, new BatchSpec(1, Duration.ZERO), ticker, Optional.of(Duration.ofSeconds(2))));
        Gate gate = new Gate();
        script = batch -> {
            if (Numbers.number(batch.requests().get(0)) == 0) {
                gate.pass();
            }
            return answers(batch);
        };
        RecordingSink hangs = new RecordingSink();
        Thread caller = new Thread(() -> scheduler.submit(numbers.request(0), hangs));
        caller.start();
        gate.awaitArrival();
        ticker.advance(Duration.ofSeconds(3));

        assertThat(hangs.failure()).hasMessageContaining("(responseTimeout)");
        await().untilAsserted(() ->
                assertThat(scheduler.instances()).containsExactly(new InstanceStatus(2, Instant.EPOCH, true)));
        assertThat(ask(scheduler, 1)).isNotNull();
        gate.open();
        caller.join(10_000);
        assertThat(hangs.ends()).isEqualTo(1);
    }

    /** Planted: the policy not asked. */
    @Test
    void waitsForCompanyIfThePolicySaysSo() throws Exception {
        BatchingScheduler scheduler =
                scheduler(computing, new BatchSpec(2, Duration.ofMillis(1)), ticker, Optional.empty());
        for (int i = 0; i < MANY; i++) {
            RecordingSink sink = submit(scheduler, i, new Cancellation());
            ticker.advance(Duration.ofMillis(1));
            assertThat(sink.number()).isEqualTo(Numbers.expected(i));
            awaitRest();
        }
        RecordingSink first = submit(scheduler, 1, new Cancellation());
        assertThat(first.isDone()).isFalse();
        RecordingSink second = submit(scheduler, 2, new Cancellation());

        assertThat(first.number()).isEqualTo(Numbers.expected(1));
        assertThat(second.number()).isEqualTo(Numbers.expected(2));
        assertThat(ranOn).doesNotContain(Thread.currentThread());
    }

    /** Planted: the fault let through; the request was refused and waited as well, and the instance stayed lent. */
    @Test
    void aFaultOfThePolicyIsNotTheCallers() throws Exception {
        Thread caller = Thread.currentThread();
        AtomicBoolean fails = new AtomicBoolean();
        BatchPolicy policy = (facts, now) -> {
            if (fails.get() && Thread.currentThread() == caller) {
                throw new IllegalStateException("planned");
            }
            return new BatchPolicy.Decision.Close(facts.waiting());
        };
        BatchingScheduler scheduler = trusted(
                scheduler(computing, policy, new SchedulingThreads(ticker, carriers, Duration.ZERO), Optional.empty()));
        fails.set(true);

        assertThat(ask(scheduler, 1)).isNotSameAs(caller);
        fails.set(false);
        trusted(scheduler);
    }

    /** Planted: an instance given back without a look for requests that came meanwhile; they hung. */
    @Test
    void losesNothingWhenManySubmit() throws Exception {
        BatchingScheduler scheduler =
                scheduler(computing, new BatchSpec(4, Duration.ZERO), Ticker.system(), Optional.empty());
        end(scheduler.resize(2));
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
            callers.add(CompletableFuture.runAsync(() -> askOften(scheduler), task -> new Thread(task).start()));
        }
        for (CompletableFuture<Void> caller : callers) {
            caller.get(60, TimeUnit.SECONDS);
        }
    }

    private void askOften(BatchingScheduler scheduler) {
        try {
            for (int i = 0; i < 5000; i++) {
                RecordingSink sink = submit(scheduler, i, new Cancellation());
                assertThat(sink.number()).isEqualTo(Numbers.expected(i));
            }
        } catch (InterruptedException | ServingException e) {
            throw new AssertionError(e);
        }
    }
}
