// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Batch;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchingSchedulerTest {
    private static final ModelId ID = new ModelId("m", "1.0");

    private final FakeTicker ticker = new FakeTicker();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final List<BatchingScheduler> started = new ArrayList<>();
    private final List<ScriptedModel> models = new ArrayList<>();
    private final List<Integer> observed = new CopyOnWriteArrayList<>();

    /** Every test ends here: nothing runs, nothing is out, nobody was treated badly. */
    @AfterEach
    void leavesNothingBehind() throws Exception {
        for (BatchingScheduler scheduler : started) {
            await(scheduler.resize(0));
            scheduler.evict(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end of test"));
            assertThat(scheduler.instances()).isEmpty();
        }
        models.forEach(ScriptedModel::close);
        assertThat(models).allSatisfy(model -> assertThat(model.violations()).isEmpty());
        assertThat(numbers.buffersOut()).isZero();
    }

    private static void await(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private BatchingScheduler scheduler(ScriptedModel model, int maxSize, Duration maxDelay) {
        SchedulingObserver observer = (id, size, queueNanos, computeNanos) -> observed.add(size);
        return scheduler(model, new SizeOrDelayPolicy(new BatchSpec(maxSize, maxDelay)), observer);
    }

    private BatchingScheduler scheduler(ScriptedModel model, BatchPolicy policy, SchedulingObserver observer) {
        BatchingScheduler scheduler =
                new BatchingScheduler(ID, model, policy, 1000, observer, ticker, () -> Instant.EPOCH);
        started.add(scheduler);
        models.add(model);
        return scheduler;
    }

    private BatchingScheduler running(Function<Batch, List<Outcome>> script, int maxSize) throws Exception {
        BatchingScheduler scheduler = scheduler(new ScriptedModel(script), maxSize, Duration.ZERO);
        await(scheduler.resize(1));
        return scheduler;
    }

    private List<Outcome> answers(Batch batch) {
        return ScriptedModel.answers(numbers, batch);
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number) {
        RecordingSink sink = new RecordingSink();
        scheduler.submit(numbers.request(number), sink);
        return sink;
    }

    private List<RecordingSink> submitMany(BatchingScheduler scheduler, int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> submit(scheduler, number))
                .toList();
    }

    private static void assertAnswered(List<RecordingSink> sinks) throws InterruptedException {
        for (int i = 0; i < sinks.size(); i++) {
            assertThat(sinks.get(i).number()).isEqualTo(Numbers.expected(i));
            assertThat(sinks.get(i).ends()).isEqualTo(1);
        }
    }

    /** The first request blocks the only instance, so that those after it queue up until the gate opens. */
    private Function<Batch, List<Outcome>> firstWaitsAt(Gate gate, Function<Batch, List<Outcome>> then) {
        AtomicInteger calls = new AtomicInteger();
        return batch -> {
            if (calls.getAndIncrement() == 0) {
                gate.pass();
                return answers(batch);
            }
            return then.apply(batch);
        };
    }

    @Test
    void runsALoneRequestAtOnceWhenTheDelayIsZero() throws Exception {
        // The ticker stands, so any wait for company would last for ever.
        RecordingSink sink = submit(running(this::answers, 8), 5);

        assertThat(sink.number()).isEqualTo(Numbers.expected(5));
        assertThat(observed).containsExactly(1);
    }

    /** Planted: a policy that ignores the delay; the first batch then had one member. */
    @Test
    void formsABatchOfFourFromRequestsThatComeWithinTheDelay() throws Exception {
        ScriptedModel model = ScriptedModel.answering(numbers);
        BatchingScheduler scheduler = scheduler(model, 4, Duration.ofHours(1));
        await(scheduler.resize(1));

        assertAnswered(submitMany(scheduler, 4));
        assertThat(model.batchSizes()).containsExactly(4);
    }

    @Test
    void runsAnUnfilledBatchWhenItsDelayHasPassed() throws Exception {
        BatchingScheduler scheduler = scheduler(ScriptedModel.answering(numbers), 4, Duration.ofMillis(1));
        await(scheduler.resize(1));
        RecordingSink sink = submit(scheduler, 0);
        ticker.advance(Duration.ofMillis(1));

        assertThat(sink.number()).isEqualTo(Numbers.expected(0));
    }

    /** Planted: all batches under one lock; the barrier then never filled. */
    @Test
    void runsAsManyBatchesAtOnceAsThereAreInstances() throws Exception {
        CyclicBarrier allHere = new CyclicBarrier(3);
        ScriptedModel model = new ScriptedModel(batch -> {
            try {
                allHere.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new AssertionError(e);
            }
            return answers(batch);
        });
        BatchingScheduler scheduler = scheduler(model, 1, Duration.ZERO);
        await(scheduler.resize(3));

        assertAnswered(submitMany(scheduler, 3));
    }

    @Test
    void neverExceedsTheLargestBatch() throws Exception {
        Gate gate = new Gate();
        ScriptedModel model = new ScriptedModel(firstWaitsAt(gate, this::answers));
        BatchingScheduler scheduler = scheduler(model, 4, Duration.ZERO);
        await(scheduler.resize(1));
        List<RecordingSink> sinks = new ArrayList<>(List.of(submit(scheduler, 0)));
        gate.awaitArrival();
        IntStream.range(1, 10).forEach(number -> sinks.add(submit(scheduler, number)));
        assertThat(scheduler.queue().waiting()).isEqualTo(9);
        gate.open();

        assertAnswered(sinks);
        assertThat(model.batchSizes()).containsExactly(1, 4, 4, 1);
    }

    /** Planted: catching RuntimeException only; the Error then killed the instance and later requests hung. */
    @Test
    void failsOnlyTheBatchTheEngineThrewAt() throws Exception {
        for (Throwable thrown : List.of(new IllegalStateException("no"), new LinkageError("no"))) {
            Gate gate = new Gate();
            BatchingScheduler scheduler = running(
                    firstWaitsAt(gate, batch -> {
                        if (batch.size() == 3) {
                            throw sneaky(thrown);
                        }
                        return answers(batch);
                    }),
                    3);
            RecordingSink before = submit(scheduler, 0);
            gate.awaitArrival();
            List<RecordingSink> sinks = submitMany(scheduler, 4);
            gate.open();

            assertThat(before.number()).isEqualTo(Numbers.expected(0));
            for (RecordingSink sink : sinks.subList(0, 3)) {
                assertThat(sink.failure()).hasMessage("Prediction failed").hasCause(thrown);
                assertThat(sink.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
            }
            assertThat(sinks.get(3).number()).isEqualTo(Numbers.expected(3));
        }
    }

    @SuppressWarnings("unchecked") // The cast is what makes it sneaky.
    private static <T extends Throwable> RuntimeException sneaky(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void keepsTheCodeOfTheEnginesOwnFailureAndNamesExhaustedMemory() throws Exception {
        ServingException own = new ServingException(ErrorCode.INVALID_INPUT, "rows: 0");
        BatchingScheduler scheduler = running(
                batch -> {
                    throw Numbers.number(batch.requests().get(0)) == 0
                            ? own
                            : BatchingSchedulerTest.<RuntimeException>sneaky(new OutOfMemoryError("no"));
                },
                1);

        assertThat(submit(scheduler, 0).failure()).isSameAs(own);
        assertThat(submit(scheduler, 1).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    }

    @Test
    void failsOneMemberAndAnswersItsNeighbours() throws Exception {
        Gate gate = new Gate();
        ServingException bad = new ServingException(ErrorCode.INVALID_INPUT, "bad row");
        BatchingScheduler scheduler = running(
                firstWaitsAt(gate, batch -> {
                    List<Outcome> outcomes = new ArrayList<>(answers(batch));
                    ((Outcome.Success) outcomes.set(1, new Outcome.Failure(bad)))
                            .response()
                            .release();
                    return outcomes;
                }),
                3);
        RecordingSink first = submit(scheduler, 9);
        gate.awaitArrival();
        List<RecordingSink> sinks = submitMany(scheduler, 3);
        gate.open();

        assertThat(first.number()).isEqualTo(Numbers.expected(9));
        assertThat(sinks.get(0).number()).isEqualTo(Numbers.expected(0));
        assertThat(sinks.get(1).failure()).isSameAs(bad);
        assertThat(sinks.get(2).number()).isEqualTo(Numbers.expected(2));
    }

    /** Planted: answering as many as there are outcomes; and dropping the surplus without release. */
    @Test
    void refusesABatchThatCameBackWithAnotherNumberOfOutcomes() throws Exception {
        BatchingScheduler scheduler = running(
                batch -> {
                    List<Outcome> outcomes = new ArrayList<>(answers(batch));
                    outcomes.addAll(answers(batch));
                    return outcomes;
                },
                1);
        RecordingSink sink = submit(scheduler, 0);

        assertThat(sink.failure()).hasMessage("number of batch response mismatched");
        assertThat(sink.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
    }

    @Test
    @SuppressWarnings("NullAway") // The point: handlers are other people's code.
    void survivesHandlersThatReturnNull() throws Exception {
        List<Outcome> oneNull = new ArrayList<>();
        oneNull.add(null);
        AtomicInteger calls = new AtomicInteger();
        BatchingScheduler scheduler = running(
                batch -> switch (calls.getAndIncrement()) {
                    case 0 -> null;
                    case 1 -> oneNull;
                    default -> answers(batch);
                },
                1);

        assertThat(submit(scheduler, 0).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        RecordingSink unanswered = submit(scheduler, 0);
        assertThat(unanswered.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(unanswered.failure()).hasMessage("number of batch response mismatched");
        assertThat(submit(scheduler, 2).number()).isEqualTo(Numbers.expected(2));
    }

    /** Planted: PendingRequest that catches RuntimeException only; the neighbours of the Error hung. */
    @Test
    void aSinkThatThrowsTakesNoNeighbourWithIt() throws Exception {
        for (Throwable thrown : List.of(new IllegalStateException("no"), new AssertionError("no"))) {
            Gate gate = new Gate();
            BatchingScheduler scheduler = running(firstWaitsAt(gate, this::answers), 3);
            RecordingSink first = submit(scheduler, 0);
            gate.awaitArrival();
            scheduler.submit(numbers.request(0), new ThrowingSink(thrown));
            RecordingSink neighbour = submit(scheduler, 1);
            gate.open();

            assertThat(first.number()).isEqualTo(Numbers.expected(0));
            assertThat(neighbour.number()).isEqualTo(Numbers.expected(1));
            assertThat(submit(scheduler, 2).number()).isEqualTo(Numbers.expected(2));
        }
    }

    /** A sink whose owner is broken. */
    private record ThrowingSink(Throwable thrown) implements ResponseSink {
        @Override
        public void part(InferenceResponse part) {}

        @Override
        public void complete(InferenceResponse response) {
            response.release();
            throw BatchingSchedulerTest.<RuntimeException>sneaky(thrown);
        }

        @Override
        public void fail(ServingException failure) {
            throw BatchingSchedulerTest.<RuntimeException>sneaky(thrown);
        }
    }

    /** Planted: the observer called without a guard; its batch hung. */
    @Test
    void anObserverThatThrowsKeepsNobodyFromTheirAnswer() throws Exception {
        BatchingScheduler scheduler = scheduler(
                ScriptedModel.answering(numbers),
                new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
                (id, size, queueNanos, computeNanos) -> {
                    throw new IllegalStateException("broken metrics");
                });
        await(scheduler.resize(1));

        assertAnswered(submitMany(scheduler, 2));
    }

    /** Planted: an instance thread that ends when it is interrupted. */
    @Test
    void anInterruptLeftBehindByUserCodeDoesNotEndTheInstance() throws Exception {
        BatchingScheduler scheduler = running(
                batch -> {
                    Thread.currentThread().interrupt();
                    return answers(batch);
                },
                1);

        assertAnswered(submitMany(scheduler, 3));
    }

    @Test
    void tellsHowLongABatchWaitedAndRan() throws Exception {
        List<Long> nanos = new CopyOnWriteArrayList<>();
        ScriptedModel model = new ScriptedModel(batch -> {
            ticker.advance(Duration.ofNanos(5));
            return answers(batch);
        });
        BatchingScheduler scheduler = scheduler(
                model,
                new SizeOrDelayPolicy(new BatchSpec(2, Duration.ZERO)),
                (id, size, queueNanos, computeNanos) -> nanos.addAll(List.of((long) size, queueNanos, computeNanos)));
        RecordingSink sink = submit(scheduler, 0);
        ticker.advance(Duration.ofNanos(7));
        await(scheduler.resize(1));

        assertThat(sink.number()).isEqualTo(Numbers.expected(0));
        assertThat(nanos).containsExactly(1L, 7L, 5L);
    }

    @Test
    void requestsWaitForTheFirstInstance() throws Exception {
        BatchingScheduler scheduler = scheduler(ScriptedModel.answering(numbers), 4, Duration.ZERO);
        List<RecordingSink> sinks = submitMany(scheduler, 6);
        assertThat(scheduler.queue()).isEqualTo(new QueueStatus(6, 1000));
        await(scheduler.resize(2));

        assertAnswered(sinks);
    }

    /** Planted: resize() that fills the list until it is long enough; an instance that failed at once was tried again for ever. */
    @Test
    void removesAnInstanceThatCannotStartAndTriesItOnce() {
        ScriptedModel model = new ScriptedModel(this::answers, () -> {
            throw new LinkageError("no such symbol");
        });
        BatchingScheduler scheduler = scheduler(model, 1, Duration.ZERO);

        // So many, because only those that fail before resize() looks again can show the bug.
        assertThatThrownBy(() -> await(scheduler.resize(200)))
                .hasCauseInstanceOf(ServingException.class)
                .hasRootCauseInstanceOf(LinkageError.class);
        assertThat(scheduler.instances()).isEmpty();
        assertThat(model.created()).isEqualTo(200);
    }

    @Test
    void numbersInstancesFromOneAndNeverAgain() throws Exception {
        BatchingScheduler scheduler = scheduler(ScriptedModel.answering(numbers), 1, Duration.ZERO);
        await(scheduler.resize(3));
        await(scheduler.resize(1));
        await(scheduler.resize(2));

        assertThat(scheduler.instances())
                .containsExactly(
                        new InstanceStatus(1, Instant.EPOCH, true), new InstanceStatus(4, Instant.EPOCH, true));
    }

    /** Planted: resize(0) that waits only for those it stops itself; it then completed while the first was in its call. */
    @Test
    void shrinkingToNothingWaitsAlsoForInstancesThatWereStoppedBefore() throws Exception {
        Gate gate = new Gate();
        BatchingScheduler scheduler = running(firstWaitsAt(gate, this::answers), 1);
        RecordingSink sink = submit(scheduler, 0);
        gate.awaitArrival();

        CompletionStage<Void> stopped = scheduler.resize(0);
        CompletionStage<Void> again = scheduler.resize(0);
        assertThat(stopped.toCompletableFuture()).isNotDone();
        assertThat(again.toCompletableFuture()).isNotDone();
        assertThat(scheduler.instances()).isEmpty();

        gate.open();
        await(stopped);
        await(again);
        assertThat(sink.number()).isEqualTo(Numbers.expected(0));
    }

    @Test
    void anInstanceStoppedWhileItStartsTakesNothing() throws Exception {
        Gate gate = new Gate();
        ScriptedModel model = new ScriptedModel(this::answers, gate::pass);
        BatchingScheduler scheduler = scheduler(model, 1, Duration.ZERO);
        CompletionStage<Void> starting = scheduler.resize(1);
        gate.awaitArrival();
        CompletionStage<Void> stopped = scheduler.resize(0);
        RecordingSink sink = submit(scheduler, 0);
        gate.open();

        await(stopped);
        assertThatThrownBy(() -> await(starting)).hasCauseInstanceOf(ServingException.class);
        assertThat(sink.isDone()).isFalse();
    }

    /** Planted: evict() that leaves the queue open; the late request then waited for nobody. */
    @Test
    void evictionFailsThoseThatWaitRefusesThoseThatComeAndLetsTheBatchFinish() throws Exception {
        Gate gate = new Gate();
        BatchingScheduler scheduler = running(firstWaitsAt(gate, this::answers), 1);
        RecordingSink runs = submit(scheduler, 0);
        gate.awaitArrival();
        List<RecordingSink> waits = submitMany(scheduler, 3);
        ServingException reason = new ServingException(ErrorCode.MODEL_UNAVAILABLE, "unloaded");

        scheduler.evict(reason);
        for (RecordingSink sink : waits) {
            assertThat(sink.failure()).isSameAs(reason);
            assertThat(sink.ends()).isEqualTo(1);
        }
        var late = numbers.request(7);
        assertThatThrownBy(() -> scheduler.submit(late, new RecordingSink())).isSameAs(reason);
        late.release();
        gate.open();
        assertThat(runs.number()).isEqualTo(Numbers.expected(0));
    }

    /** Planted: an instance told to stop that drops the batch it has just taken. */
    @Test
    void runsTheBatchItHasTakenAlsoWhenItIsToldToStopInThatMoment() throws Exception {
        CompletableFuture<BatchingScheduler> self = new CompletableFuture<>();
        BatchPolicy stopsWhileDeciding = (facts, now) -> {
            CompletionStage<Void> unused = self.join().resize(0);
            return new BatchPolicy.Decision.Close(facts.waiting());
        };
        BatchingScheduler scheduler =
                scheduler(ScriptedModel.answering(numbers), stopsWhileDeciding, (id, size, queued, computed) -> {});
        self.complete(scheduler);
        await(scheduler.resize(1));

        assertThat(submit(scheduler, 3).number()).isEqualTo(Numbers.expected(3));
    }

    /** Planted: stop() that wakes nobody; the resize never completed. */
    @Test
    void resizingUnderLoadLosesNothing() throws Exception {
        BatchingScheduler scheduler = scheduler(ScriptedModel.answering(numbers), 4, Duration.ZERO);
        List<RecordingSink> sinks = new ArrayList<>();
        List<CompletionStage<Void>> resizes = new ArrayList<>();
        for (int i = 0; i < 900; i++) {
            sinks.add(submit(scheduler, i));
            if (i % 20 == 0) {
                resizes.add(scheduler.resize(i / 20 % 4));
            }
        }
        resizes.add(scheduler.resize(2));

        assertAnswered(sinks);
        for (CompletionStage<Void> resize : resizes) {
            // Some fail: the next one stopped an instance before it was ready.
            await(resize.handle((done, failure) -> null));
        }
        assertThat(scheduler.instances()).hasSize(2);
    }
}
