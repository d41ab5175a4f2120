// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An engine that counts each request's number down, a step for each, and a part for each but the last. */
class IterationTest {
    private static final ModelId ID = new ModelId("m", "1.0");
    private static final int SLOTS = 3;
    private static final int MANY = 1_000_000;
    private static final int FAILS = 2_000_001;
    private static final int BREAKS = 2_000_002;
    private static final int NO_MEMORY = 2_000_003;
    private static final int HALF_WAY = 2_000_004;
    private static final int DIES = 2_000_005;
    private static final int WONT_FREE = 3_000_000;

    private final FakeTicker ticker = new FakeTicker();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final Semaphore steps = new Semaphore(0);
    private final List<List<Integer>> stepsMade = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger replaced = new AtomicInteger();
    private final List<Countdown> engines = new CopyOnWriteArrayList<>();
    private final List<BatchingScheduler> started = new ArrayList<>();

    private final class Countdown implements IterationEngine, LoadedModel {
        private final Map<Integer, Integer> left = new HashMap<>();

        /** Written by the test, or by the step that it dies of. */
        private volatile Condition condition = Condition.FIT;

        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public ModelInstance newInstance() {
            made.incrementAndGet();
            Countdown engine = new Countdown();
            engines.add(engine);
            return engine;
        }

        @Override
        public Condition condition() {
            return condition;
        }

        @Override
        public void warmUp() {}

        @Override
        public int slots() {
            return SLOTS;
        }

        @Override
        public void begin(int slot, InferenceRequest request) {
            note(slot >= SLOTS || left.containsKey(slot), "begun in a slot that is taken");
            left.put(slot, Numbers.number(request));
            if (Numbers.number(request) == NO_MEMORY) {
                throw new OutOfMemoryError("planned");
            }
            if (Numbers.number(request) == HALF_WAY) {
                throw new LinkageError("planned");
            }
            if (Numbers.number(request) < 0) {
                throw new ServingException(ErrorCode.INVALID_INPUT, "negative");
            }
        }

        @Override
        public void step(List<Integer> active, BatchSink answers) {
            steps.acquireUninterruptibly();
            note(!left.keySet().equals(new HashSet<>(active)), "a step of other slots than those in work");
            stepsMade.add(active.stream().map(left::get).toList());
            if (left.containsValue(FAILS)) {
                throw new IllegalStateException("planned");
            }
            if (left.containsValue(DIES)) {
                condition = Condition.LOST;
                throw new ServingException(ErrorCode.INSTANCE_DIED, "Worker died.");
            }
            if (left.containsValue(BREAKS)) {
                throw new LinkageError("planned");
            }
            for (int slot : active) {
                int now = left.merge(slot, -1, Integer::sum);
                InferenceResponse response =
                        new InferenceResponse(ID, List.of(new Output.OfContent("", numbers.buffer(now))));
                if (now > 0) {
                    answers.part(slot, response);
                } else {
                    answers.end(slot, new Outcome.Success(response));
                }
            }
        }

        @Override
        public void free(int slot) {
            Integer was = left.remove(slot);
            if (was != null && was > WONT_FREE - 100) {
                throw new IllegalStateException("planned");
            }
        }

        @Override
        public void close() {
            note(!left.isEmpty(), "closed with requests in work");
            closed.incrementAndGet();
        }

        private void note(boolean isWrong, String what) {
            if (isWrong) {
                violations.add(what);
            }
        }
    }

    /** What came of one request: its parts, and how it ended. */
    private static final class Stream implements ResponseSink {
        private final List<Integer> parts = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Integer> last = new CompletableFuture<>();

        @Override
        public void part(InferenceResponse part) {
            parts.add(Numbers.number(part));
            part.release();
        }

        @Override
        public void complete(InferenceResponse response) {
            last.complete(Numbers.number(response));
            response.release();
        }

        @Override
        public void fail(ServingException failure) {
            last.completeExceptionally(failure);
        }

        private int last() throws Exception {
            return last.get(10, TimeUnit.SECONDS);
        }

        private ErrorCode code() throws Exception {
            try {
                throw new AssertionError("ended with " + last());
            } catch (ExecutionException e) {
                return ServingException.from(e).code();
            }
        }
    }

    private BatchingScheduler serve(Ticker clock, Optional<Duration> limit) throws Exception {
        SchedulingObserver observer = new SchedulingObserver() {
            @Override
            public void batchExecuted(ModelId id, int size, long queueNanos, long computeNanos) {}

            @Override
            public void instanceReplaced(ModelId id) {
                replaced.incrementAndGet();
            }
        };
        BatchingScheduler scheduler = new BatchingScheduler(
                ID,
                new Countdown(),
                new SizeOrDelayPolicy(new BatchSpec(SLOTS, Duration.ZERO)),
                new SchedulerSettings(100, LimitSpec.ANY_BYTES, limit, PrioritySpec.NONE),
                observer,
                new SchedulingThreads(clock),
                () -> Instant.EPOCH);
        scheduler.resize(1).toCompletableFuture().get(10, TimeUnit.SECONDS);
        started.add(scheduler);
        return scheduler;
    }

    private BatchingScheduler serve() throws Exception {
        return serve(ticker, Optional.empty());
    }

    private Stream submit(BatchingScheduler scheduler, int number, Cancellation cancellation, long deadlineNanos) {
        Stream stream = new Stream();
        scheduler.submit(numbers.request(number, cancellation, deadlineNanos), stream);
        return stream;
    }

    private Stream submit(BatchingScheduler scheduler, int number) {
        return submit(scheduler, number, new Cancellation(), RequestContext.NO_DEADLINE);
    }

    @AfterEach
    void everySlotIsFreeAndEveryBufferBack() throws Exception {
        steps.release(MANY);
        for (BatchingScheduler scheduler : started) {
            scheduler.resize(0).toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        assertThat(violations).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
        assertThat(closed).hasValue(made.get());
    }

    @Test
    void givesEachPartOfEachAnswerInItsOrder() throws Exception {
        steps.release(MANY);
        BatchingScheduler scheduler = serve();
        List<Stream> streams =
                IntStream.range(1, 60).mapToObj(n -> submit(scheduler, n)).toList();

        for (int n = 1; n < 60; n++) {
            Stream stream = streams.get(n - 1);
            assertThat(stream.last()).isZero();
            int from = n;
            assertThat(stream.parts)
                    .containsExactlyElementsOf(
                            IntStream.range(1, n).mapToObj(i -> from - i).toList());
        }
        assertThat(stepsMade).allSatisfy(step -> assertThat(step).hasSizeBetween(1, SLOTS));
    }

    /** Planted: requests let in only when nothing is in work; the short one waited for the last step of the long one. */
    @Test
    void aShortAnswerDoesNotWaitForALongOne() throws Exception {
        BatchingScheduler scheduler = serve();
        Stream longOne = submit(scheduler, 1000);
        steps.release(2);
        await().until(() -> stepsMade.size() == 2);
        Stream shortOne = submit(scheduler, 2);
        // One for the step that has begun already, perhaps; two for the short answer; one after it.
        steps.release(4);

        assertThat(shortOne.last()).isZero();
        assertThat(longOne.last).isNotDone();
        await().until(() -> stepsMade.size() == 6);
        assertThat(stepsMade.get(5)).as("alone again").hasSize(1);
    }

    /** Planted: slots that are freed at the end only; all its million steps were made. */
    @Test
    void aCallerThatLeavesFreesItsSlotBetweenTwoSteps() throws Exception {
        BatchingScheduler scheduler = serve();
        Cancellation cancellation = new Cancellation();
        Stream leaves = submit(scheduler, MANY, cancellation, RequestContext.NO_DEADLINE);
        steps.release(1);
        await().until(() -> leaves.parts.size() == 1);
        cancellation.cancel();
        assertThat(leaves.code()).isEqualTo(ErrorCode.CANCELLED);
        List<Stream> others =
                IntStream.range(0, SLOTS).mapToObj(i -> submit(scheduler, 3)).toList();
        steps.release(10);

        for (Stream other : others) {
            assertThat(other.last()).isZero();
        }
        assertThat(leaves.parts).hasSizeLessThan(3);
    }

    @Test
    void aDeadlineEndsARequestBetweenTwoSteps() throws Exception {
        BatchingScheduler scheduler = serve();
        Stream late = submit(
                scheduler,
                MANY,
                new Cancellation(),
                ticker.nanos() + Duration.ofSeconds(1).toNanos());
        Stream other = submit(scheduler, 5);
        steps.release(2);
        await().until(() -> stepsMade.size() == 2);
        ticker.advance(Duration.ofSeconds(1));
        steps.release(10);

        assertThat(late.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(other.last()).isZero();
    }

    @Test
    void aRequestThatCannotBeginFailsAlone() throws Exception {
        steps.release(MANY);
        BatchingScheduler scheduler = serve();
        Stream good = submit(scheduler, 7);
        Stream bad = submit(scheduler, -1);

        assertThat(bad.code()).isEqualTo(ErrorCode.INVALID_INPUT);
        assertThat(good.last()).isZero();
    }

    /** Planted: only exceptions seen; those that came with the one that could not begin were never answered. */
    @Test
    void anErrorAtTheBeginningOfOneAnswersAllThatCameWithIt() throws Exception {
        for (int bad : new int[] {NO_MEMORY, HALF_WAY}) {
            BatchingScheduler scheduler = serve();
            Stream first = submit(scheduler, 4);
            steps.release(1);
            await().until(() -> first.parts.size() == 1);
            Stream error = submit(scheduler, bad);
            Stream behind = submit(scheduler, 3);
            steps.release(20);

            assertThat(error.code()).isNotNull();
            if (bad == NO_MEMORY) {
                assertThat(first.last()).isZero();
                assertThat(behind.last()).isZero();
            } else {
                assertThat(first.code()).as("the engine may be broken").isEqualTo(ErrorCode.ENGINE_FAILED);
                await().until(behind.last::isDone);
            }
            steps.drainPermits();
        }
        assertThat(made).as("one was made anew").hasValue(3);
    }

    /** Planted: the slot freed before the answer, without a guard; the request was never answered. */
    @Test
    void anEngineThatCannotFreeASlotKeepsNobodyFromTheirAnswer() throws Exception {
        BatchingScheduler scheduler = serve();
        Cancellation cancellation = new Cancellation();
        Stream leaves = submit(
                scheduler,
                WONT_FREE,
                cancellation,
                ticker.nanos() + Duration.ofSeconds(1).toNanos());
        await().until(() -> steps.getQueueLength() == 1);
        ticker.advance(Duration.ofSeconds(1));
        steps.release(1);

        assertThat(leaves.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        Stream next = submit(scheduler, 3);
        steps.release(10);
        assertThat(next.last()).isZero();
    }

    /** Planted: a failed step that leaves its requests in work; the engine was closed with them. */
    @Test
    void aStepThatFailsFailsWhatIsInWorkAndNothingElse() throws Exception {
        steps.release(MANY);
        BatchingScheduler scheduler = serve();

        assertThat(submit(scheduler, FAILS).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(submit(scheduler, 5).last()).isZero();
        assertThat(made).hasValue(1);
        assertThat(submit(scheduler, BREAKS).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(submit(scheduler, 5).last()).isZero();
        assertThat(made).as("an Error may have broken it").hasValue(2);
    }

    /** Planted: an instance that ends at once when told to; its requests were never answered. */
    @Test
    void anInstanceThatIsStoppedFinishesWhatIsInWork() throws Exception {
        BatchingScheduler scheduler = serve();
        Stream inWork = submit(scheduler, 3);
        steps.release(1);
        await().until(() -> stepsMade.size() == 1);
        var stopped = scheduler.resize(0).toCompletableFuture();
        assertThat(stopped).isNotDone();
        steps.release(5);

        assertThat(inWork.last()).isZero();
        stopped.get(10, TimeUnit.SECONDS);
    }

    /** Planted: no watch over steps; the request waited as long as the step hung. */
    @Test
    void aStepThatHangsIsAnsweredAndItsInstanceReplaced() throws Exception {
        BatchingScheduler scheduler = serve(Ticker.system(), Optional.of(Duration.ofMillis(30)));
        Stream hangs = submit(scheduler, 3);

        assertThat(hangs.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        await().until(() -> replaced.get() == 1);
        steps.release(MANY);
        assertThat(submit(scheduler, 4).last()).isZero();
    }

    @Test
    void refusesAnEngineWithFewerSlotsThanABatchMayFill() {
        BatchingScheduler scheduler = new BatchingScheduler(
                ID,
                new Countdown(),
                new SizeOrDelayPolicy(new BatchSpec(SLOTS + 1, Duration.ZERO)),
                100,
                (id, size, queueNanos, computeNanos) -> {},
                ticker,
                () -> Instant.EPOCH);

        assertThatThrownBy(() -> scheduler.resize(1).toCompletableFuture().get(10, TimeUnit.SECONDS))
                .hasRootCauseMessage("slots: 3 (expected: 4, the batch size, or more)");
    }

    @Test
    void runsABatchToItsEndForThoseWhoWantWholeAnswers() throws Exception {
        steps.release(MANY);
        Batch batch = new Batch(ID, List.of(numbers.request(3), numbers.request(-1)));
        made.incrementAndGet();
        try (ModelInstance instance = new Countdown()) {
            List<Outcome> outcomes = instance.execute(batch);
            InferenceResponse whole = ((Outcome.Success) outcomes.get(0)).response();

            assertThat(whole.outputs()).hasSize(3);
            assertThat(outcomes.get(1)).isInstanceOf(Outcome.Failure.class);
            whole.release();
            batch.requests().forEach(InferenceRequest::release);
        }
    }

    /** Seen to fail, by a step of the dead, when nobody asked how the engine was after a step that threw. */
    @Test
    void allThatIsInWorkEndsWhenItsInstanceDiesInAStep() throws Exception {
        BatchingScheduler scheduler = serve();
        Stream streamed = submit(scheduler, 1000);
        steps.release(1);
        await().until(() -> streamed.parts.size() == 1);
        Stream killer = submit(scheduler, DIES);
        steps.release(MANY);

        assertThat(streamed.code()).isEqualTo(ErrorCode.INSTANCE_DIED);
        assertThat(killer.code()).isEqualTo(ErrorCode.INSTANCE_DIED);
        assertThat(submit(scheduler, 3).last()).isZero();
        assertThat(made).hasValue(2);
    }

    /** Seen to fail when only a step that threw was looked at: the lost one went on. */
    @Test
    void allThatIsInWorkEndsWhenItsInstanceIsLostBetweenSteps() throws Exception {
        BatchingScheduler scheduler = serve();
        Stream streamed = submit(scheduler, 1000);
        steps.release(1);
        await().until(() -> streamed.parts.size() == 1);
        engines.get(0).condition = ModelInstance.Condition.LOST;
        steps.release(1);

        assertThat(streamed.code()).isEqualTo(ErrorCode.INSTANCE_DIED);
        steps.release(MANY);
        assertThat(submit(scheduler, 3).last()).isZero();
    }

    /** Seen to fail when a worn one left at once, with what it had in work, and when it took more until that was over. */
    @Test
    void aWornInstanceEndsWhatItHasInWorkAndTakesNothingMore() throws Exception {
        BatchingScheduler scheduler = serve();
        Stream inWork = submit(scheduler, 5);
        steps.release(1);
        await().until(() -> inWork.parts.size() == 1);
        engines.get(0).condition = ModelInstance.Condition.WORN;
        steps.release(1);
        await().until(() -> inWork.parts.size() == 2);
        Stream next = submit(scheduler, 5);
        steps.release(MANY);

        assertThat(inWork.last()).isZero();
        assertThat(next.last()).isZero();
        assertThat(stepsMade).allMatch(step -> step.size() == 1);
        assertThat(made).hasValue(2);
        assertThat(replaced).hasValue(0);
    }
}
