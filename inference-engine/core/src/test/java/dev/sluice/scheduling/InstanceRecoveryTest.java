// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.RestartPolicy;
import dev.sluice.fixture.CountedCarriers;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
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
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of instances that are lost, worn or ended, and of those who wait for them; on a clock that the test moves. */
class InstanceRecoveryTest {
    private static final int DIES = -1;
    private static final int HANGS = -2;
    private static final int HANGS_FOR_EVER = -3;
    private static final RestartPolicy ONE_FIVE_NINE = new RestartPolicy(
            List.of(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(9)), Duration.ofSeconds(12));

    private final FakeTicker ticker = new FakeTicker();
    private final CountedCarriers carriers = new CountedCarriers();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final List<Fragile> made = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final AtomicInteger replaced = new AtomicInteger();
    private final Gate gate = new Gate();
    private final List<BatchingScheduler> started = new ArrayList<>();

    // Written by the test before what is to see it.
    private volatile RestartPolicy restarts = ONE_FIVE_NINE;
    private volatile int mostCalls = Integer.MAX_VALUE;
    private volatile int startsAtOnce = Integer.MAX_VALUE;
    private volatile Runnable onNewInstance = () -> {};

    private final class Model implements LoadedModel {
        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public ModelInstance newInstance() {
            onNewInstance.run();
            Fragile instance = new Fragile();
            made.add(instance);
            return instance;
        }

        @Override
        public RestartPolicy restarts() {
            return restarts;
        }

        @Override
        public int startsAtOnce() {
            return startsAtOnce;
        }

        @Override
        public void close() {}
    }

    private final class Fragile implements ModelInstance {
        private final AtomicInteger calls = new AtomicInteger();
        private final CountDownLatch aborted = new CountDownLatch(1);
        private volatile Condition condition = Condition.FIT;
        private volatile Runnable onLoss = () -> {};
        private volatile boolean isClosed;

        /** Written by who asks how it is. */
        private volatile boolean hasSaidSo;

        @Override
        public void warmUp() {}

        @Override
        public List<Outcome> execute(Batch batch) {
            if (hasSaidSo || isClosed) {
                violations.add("a batch for an instance that is known to be lost");
            }
            if (condition == Condition.LOST) {
                throw new ServingException(ErrorCode.INSTANCE_DIED, "Worker died.");
            }
            int number = Numbers.number(batch.requests().get(0));
            if (number == HANGS_FOR_EVER) {
                gate.pass();
            }
            if (number == HANGS) {
                awaitAbort();
            }
            if (number < 0) {
                condition = Condition.LOST;
                throw new ServingException(ErrorCode.INSTANCE_DIED, "Worker died.");
            }
            if (calls.incrementAndGet() >= mostCalls) {
                condition = Condition.WORN;
            }
            return ScriptedModel.answers(numbers, batch);
        }

        private void awaitAbort() {
            try {
                if (!aborted.await(10, TimeUnit.SECONDS)) {
                    violations.add("nobody ended the call");
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** Its process is gone, while nobody calls it. */
        private void lose() {
            condition = Condition.LOST;
            onLoss.run();
        }

        @Override
        public Condition condition() {
            hasSaidSo |= condition == Condition.LOST;
            return condition;
        }

        @Override
        public void onLoss(Runnable action) {
            onLoss = action;
        }

        @Override
        public boolean canAbort() {
            return true;
        }

        @Override
        public void abort() {
            aborted.countDown();
        }

        @Override
        public OptionalLong processId() {
            return OptionalLong.of(4000 + made.indexOf(this));
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }

    private BatchingScheduler serve(int instances) throws Exception {
        return serve(instances, Optional.empty());
    }

    private BatchingScheduler serve(int instances, Optional<Duration> limit) throws Exception {
        BatchingScheduler scheduler = new BatchingScheduler(
                new ModelId("m", "1.0"),
                new Model(),
                new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
                new SchedulerSettings(1000, LimitSpec.ANY_BYTES, limit, PrioritySpec.NONE),
                new SchedulingObserver() {
                    @Override
                    public void batchExecuted(ModelId id, int size, long queueNanos, long computeNanos) {}

                    @Override
                    public void instanceReplaced(ModelId id) {
                        replaced.incrementAndGet();
                    }
                },
                new SchedulingThreads(ticker, carriers, Duration.ZERO),
                () -> Instant.EPOCH);
        started.add(scheduler);
        end(scheduler.resize(instances));
        return scheduler;
    }

    private static void end(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number) {
        RecordingSink sink = new RecordingSink();
        var request = numbers.request(number);
        try {
            scheduler.submit(request, sink);
        } catch (ServingException refusal) {
            request.release();
            sink.fail(refusal);
        }
        return sink;
    }

    private static void awaitDown(BatchingScheduler scheduler) {
        await().until(() -> scheduler.instances().stream().noneMatch(InstanceStatus::ready));
    }

    /** The instance has noticed what happened to it, and rests. */
    private void awaitRest() {
        await().until(() -> carriers.running() == 0);
    }

    private void failToStart() {
        throw new IllegalStateException("no more memory (planned)");
    }

    @AfterEach
    void leavesNothingBehind() throws Exception {
        gate.open();
        onNewInstance = () -> {};
        for (BatchingScheduler scheduler : started) {
            scheduler.evict(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end of test"));
            end(scheduler.resize(0));
        }
        assertThat(violations).isEmpty();
        assertThat(made).allMatch(instance -> instance.isClosed);
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Seen to fail when the instance was used again, when it was made anew at once, and when a batch that ran did not count. */
    @Test
    void anInstanceThatDiesIsMadeAnewWhenItsModelSays() throws Exception {
        BatchingScheduler scheduler = serve(1);
        assertThat(submit(scheduler, DIES).failure()).hasMessage("Worker died.");
        awaitDown(scheduler);
        RecordingSink waits = submit(scheduler, 7);
        awaitRest();
        ticker.advance(Duration.ofMillis(900));
        awaitRest();
        assertThat(made).hasSize(1);
        assertThat(waits.isDone()).isFalse();

        ticker.advance(Duration.ofMillis(200));
        assertThat(waits.number()).isEqualTo(Numbers.expected(7));
        assertThat(replaced).hasValue(1);
        assertThat(submit(scheduler, DIES).code()).isEqualTo(ErrorCode.INSTANCE_DIED);
        awaitDown(scheduler);
        ticker.advance(Duration.ofMillis(1100));
        assertThat(submit(scheduler, 8).number())
                .as("the first delay again, since it had run something")
                .isEqualTo(Numbers.expected(8));
    }

    /** Seen to fail, by a batch for the dead, when nobody listened to it while it was idle, nor asked before a batch. */
    @Test
    void noticesAtOnceThatAnIdleInstanceIsLost() throws Exception {
        BatchingScheduler scheduler = serve(1);
        awaitRest();
        made.get(0).lose();
        awaitDown(scheduler);
        await().until(() -> made.get(0).isClosed);
        RecordingSink waits = submit(scheduler, 7);
        assertThat(scheduler.instances().get(0).processId()).isEmpty();

        ticker.advance(Duration.ofMillis(1100));
        assertThat(waits.number()).isEqualTo(Numbers.expected(7));
        assertThat(scheduler.instances().get(0).processId()).hasValue(4001);
    }

    /** Seen to fail when nobody asked before a batch whether the instance still was there. */
    @Test
    void i19FormsNoBatchForOneThatIsKnownToBeLost() throws Exception {
        BatchingScheduler scheduler = serve(1);
        awaitRest();
        made.get(0).condition = ModelInstance.Condition.LOST;
        RecordingSink waits = submit(scheduler, 7);
        awaitDown(scheduler);
        ticker.advance(Duration.ofMillis(1100));
        assertThat(waits.number()).isEqualTo(Numbers.expected(7));
    }

    /** Seen to fail when worn ones went on, and, by a refusal, when they counted as lost. */
    @Test
    void aWornInstanceIsExchangedWithoutAnybodyNoticing() throws Exception {
        mostCalls = 3;
        BatchingScheduler scheduler = serve(2);
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            sinks.add(submit(scheduler, i));
        }
        for (int i = 0; i < 60; i++) {
            assertThat(sinks.get(i).number()).isEqualTo(Numbers.expected(i));
        }
        assertThat(made).hasSizeGreaterThanOrEqualTo(20).allMatch(instance -> instance.calls.get() <= 3);
        assertThat(replaced).hasValue(0);
    }

    /** Seen to fail, by making one after the other for ever, when nobody asked whether it had run anything. */
    @Test
    void oneThatIsWornBeforeItRanAnythingCountsAsLost() throws Exception {
        mostCalls = 0;
        onNewInstance = () -> {};
        BatchingScheduler scheduler = serve(1);
        awaitRest();
        made.get(0).condition = ModelInstance.Condition.WORN;
        RecordingSink waits = submit(scheduler, 7);
        awaitDown(scheduler);
        awaitRest();
        assertThat(made).hasSize(1);
        ticker.advance(Duration.ofMillis(1100));
        assertThat(waits.number()).isEqualTo(Numbers.expected(7));
    }

    /** A try that came up has not failed; seen to fail, by a refusal, when every second loss in a row counted as such. */
    @Test
    void waitsForOneThatIsLostAgainAfterAWhile() throws Exception {
        BatchingScheduler scheduler = serve(1);
        for (int i = 0; i < 3; i++) {
            awaitRest();
            made.get(i).lose();
            awaitDown(scheduler);
            awaitRest();
            ticker.advance(Duration.ofSeconds(10));
            await().until(() -> scheduler.instances().get(0).ready());
            ticker.advance(Duration.ofSeconds(10));
        }
        awaitRest();
        made.get(3).lose();
        awaitDown(scheduler);
        RecordingSink waits = submit(scheduler, 7);
        awaitRest();
        assertThat(waits.isDone()).isFalse();
        assertThat(scheduler.instances())
                .as("it was up in between, for longer than any delay")
                .singleElement()
                .matches(status -> !status.failed());
        ticker.advance(Duration.ofMillis(1100));
        assertThat(waits.number()).isEqualTo(Numbers.expected(7));
    }

    /** Seen to fail, by a refusal, when a loss in a row counted as a try that failed, and by the third delay when none was forgotten. */
    @Test
    void waitsForOneThatComesUpAndDiesBeforeItRanAnything() throws Exception {
        BatchingScheduler scheduler = serve(1);
        for (int i = 0; i < 4; i++) {
            awaitRest();
            made.get(i).lose();
            awaitDown(scheduler);
            awaitRest();
            ticker.advance(Duration.ofMillis(i == 0 ? 1100 : 5100));
            await().until(() -> scheduler.instances().get(0).ready());
        }
        awaitRest();
        made.get(4).lose();
        awaitDown(scheduler);
        RecordingSink waits = submit(scheduler, 7);
        awaitRest();
        assertThat(waits.isDone()).isFalse();
        assertThat(scheduler.instances()).as("it never ran anything").singleElement().matches(InstanceStatus::failed);
        ticker.advance(Duration.ofMillis(5100));
        assertThat(waits.number()).isEqualTo(Numbers.expected(7));
    }

    /** Seen to fail, by having none left, when the delay grew with each loss of one that had been up. */
    @Test
    void refusesNobodyWhileOneOfTwelveIsLostEveryFifthOfASecond() throws Exception {
        restarts = new RestartPolicy(
                LongStream.of(1, 1, 2, 3, 5, 8, 13).mapToObj(Duration::ofSeconds).toList(), Duration.ofMinutes(5));
        BatchingScheduler scheduler = serve(12);
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 150; i++) {
            awaitRest();
            List<Fragile> up = made.stream().filter(each -> !each.isClosed).toList();
            int before = (int) scheduler.instances().stream().filter(InstanceStatus::ready).count();
            up.get(random.nextInt(up.size())).lose();
            await().until(() -> scheduler.instances().stream().filter(InstanceStatus::ready).count() < before);
            RecordingSink sink = submit(scheduler, i);
            assertThat(sink.number()).isEqualTo(Numbers.expected(i));
            ticker.advance(Duration.ofMillis(200));
        }
    }

    /** Seen to fail, by waiting for ever, when only calls that hang suspended a model. */
    @Test
    void refusesAtOnceWhenTheFirstRetryHasFailedUntilOneIsUp() throws Exception {
        BatchingScheduler scheduler = serve(1);
        onNewInstance = this::failToStart;
        submit(scheduler, DIES).awaitEnd();
        awaitDown(scheduler);
        RecordingSink waits = submit(scheduler, 1);
        awaitRest();
        assertThat(waits.isDone()).as("the first retry is still to come").isFalse();

        ticker.advance(Duration.ofMillis(1100));
        assertThat(waits.failure())
                .hasMessage(
                        "Model \"m\" has no worker left: all of them died. It takes requests again when one is up.");
        assertThat(waits.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
        assertThat(submit(scheduler, 2).failure().retryAfter()).hasValue(Duration.ofSeconds(5));
        awaitRest();
        ticker.advance(Duration.ofMillis(5100));
        await().until(() -> submit(scheduler, 3).failure().retryAfter().equals(Optional.of(Duration.ofSeconds(9))));

        onNewInstance = () -> {};
        awaitRest();
        ticker.advance(Duration.ofMillis(9100));
        await().until(() -> scheduler.instances().get(0).ready());
        assertThat(submit(scheduler, 4).number()).isEqualTo(Numbers.expected(4));
    }

    /** Seen to fail when one that is down was enough to refuse. */
    @Test
    void goesOnWhileAnotherInstanceIsUp() throws Exception {
        BatchingScheduler scheduler = serve(2);
        onNewInstance = this::failToStart;
        submit(scheduler, DIES).awaitEnd();
        for (int i = 0; i < 3; i++) {
            awaitRest();
            ticker.advance(Duration.ofSeconds(10));
        }
        assertThat(submit(scheduler, 4).number()).isEqualTo(Numbers.expected(4));
    }

    /** Seen to fail when the policy's word for it was taken as a delay. */
    @Test
    void aModelThatNeverRetriesRefusesAtOnce() throws Exception {
        restarts = new RestartPolicy(List.of(Duration.ofSeconds(1)), Duration.ZERO);
        BatchingScheduler scheduler = serve(1);
        submit(scheduler, DIES).awaitEnd();
        awaitDown(scheduler);
        awaitRest();
        ticker.advance(Duration.ofHours(1));
        awaitRest();

        ServingException refusal = submit(scheduler, 1).failure();
        assertThat(refusal.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
        assertThat(refusal.retryAfter()).isEmpty();
        assertThat(made).hasSize(1);
        assertThat(scheduler.instances()).singleElement().matches(InstanceStatus::failed);
        assertThat(replaced).hasValue(0);
    }

    /** Seen to fail when failures were counted from the last one on. */
    @Test
    void countsAsFailedWhenTheWindowIsOverThoughTriesGoOn() throws Exception {
        BatchingScheduler scheduler = serve(1);
        onNewInstance = this::failToStart;
        submit(scheduler, DIES).awaitEnd();
        awaitDown(scheduler);
        awaitRest();
        for (Duration each : List.of(Duration.ofSeconds(1), Duration.ofSeconds(5))) {
            ticker.advance(each.plusMillis(100));
            await().until(() -> carriers.started() > 0);
            awaitRest();
        }
        assertThat(scheduler.instances()).singleElement().matches(status -> !status.failed());
        ticker.advance(Duration.ofSeconds(6));
        assertThat(scheduler.instances()).singleElement().matches(InstanceStatus::failed);

        onNewInstance = () -> {};
        ticker.advance(Duration.ofSeconds(20));
        await().until(() -> scheduler.instances().get(0).ready());
        assertThat(scheduler.instances()).singleElement().matches(status -> !status.failed());
    }

    /** Seen to fail when nobody asked the instance to end its call: it was given up, and the thread stayed in it. */
    @Test
    void endsACallThatTakesTooLongAndMakesItsInstanceAnew() throws Exception {
        BatchingScheduler scheduler = serve(1, Optional.of(Duration.ofSeconds(3)));
        RecordingSink hangs = submit(scheduler, HANGS);
        RecordingSink next = submit(scheduler, 5);
        await().until(() -> scheduler.queue().waiting() == 1);
        ticker.advance(Duration.ofMillis(3100));

        assertThat(hangs.failure()).hasMessage("Prediction took longer than 3000 ms (responseTimeout)");
        assertThat(hangs.code()).as("a 500 as the contract has it").isEqualTo(ErrorCode.INSTANCE_DIED);
        awaitDown(scheduler);
        await().until(() -> made.get(0).isClosed);
        assertThat(next.isDone()).isFalse();
        awaitRest();
        ticker.advance(Duration.ofMillis(1100));
        assertThat(next.number()).isEqualTo(Numbers.expected(5));
        assertThat(hangs.ends()).isEqualTo(1);
        assertThat(scheduler.instances()).singleElement().matches(status -> status.number() == 1);
    }

    /** Seen to fail, by waiting for ever, when what an instance promised was believed. */
    @Test
    void givesUpAnInstanceThatDoesNotEndItsCallAfterAll() throws Exception {
        BatchingScheduler scheduler = serve(1, Optional.of(Duration.ofSeconds(3)));
        RecordingSink hangs = submit(scheduler, HANGS_FOR_EVER);
        gate.awaitArrival();
        ticker.advance(Duration.ofMillis(3100));
        assertThat(hangs.code()).isEqualTo(ErrorCode.INSTANCE_DIED);
        assertThat(made).hasSize(1);

        await().until(() -> {
            ticker.advance(Duration.ofSeconds(1));
            return scheduler.instances().stream().anyMatch(each -> each.number() == 2 && each.ready());
        });
        assertThat(submit(scheduler, 5).number()).isEqualTo(Numbers.expected(5));
    }

    /** Seen to fail without a bound on them, when those that wait kept a thread, and when one that was stopped kept its turn. */
    @Test
    void makesOnlySoManyAtOnceWhileTheOthersWaitWithoutAThread() throws Exception {
        AtomicInteger making = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        onNewInstance = () -> {
            most.accumulateAndGet(making.incrementAndGet(), Math::max);
            gate.pass();
            making.decrementAndGet();
        };
        startsAtOnce = 2;
        BatchingScheduler scheduler = serve(0);
        CompletionStage<Void> seven = scheduler.resize(7);
        gate.awaitArrival();
        await().until(() -> carriers.running() == 2 && making.get() == 2);
        CompletionStage<Void> five = scheduler.resize(5);
        end(five.thenCompose(done -> scheduler.resize(4)));
        gate.open();

        await().until(() -> scheduler.instances().stream().allMatch(InstanceStatus::ready));
        assertThat(seven.toCompletableFuture())
                .as("two of them were stopped before they were made")
                .isCompletedExceptionally();
        assertThat(most).hasValue(2);
        assertThat(made).hasSize(4);
        end(scheduler.resize(6));
        assertThat(scheduler.startRounds(7)).isEqualTo(4);
        assertThat(scheduler.startRounds(0)).isEqualTo(1);
    }

    /** Seen to fail when a lost instance was asked for another batch. */
    @Test
    void i19LosingInstancesEndsEveryRequestOnce() throws Exception {
        restarts = RestartPolicy.SOON;
        mostCalls = 40;
        BatchingScheduler scheduler = serve(3);
        SplittableRandom random = new SplittableRandom(7);
        List<RecordingSink> sinks = new ArrayList<>();
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            int number = random.nextInt(50) == 0 ? DIES : i;
            sent.add(number);
            sinks.add(submit(scheduler, number));
            if (random.nextInt(100) == 0) {
                made.get(random.nextInt(made.size())).lose();
            }
            if (random.nextInt(20) == 0) {
                sinks.get(i).awaitEnd();
            }
        }
        await().until(() -> {
            ticker.advance(Duration.ofMillis(100));
            return sinks.stream().allMatch(RecordingSink::isDone);
        });
        for (int i = 0; i < sinks.size(); i++) {
            assertThat(sinks.get(i).ends()).isEqualTo(1);
            if (sinks.get(i).isAnswered()) {
                assertThat(sinks.get(i).number()).isEqualTo(Numbers.expected(sent.get(i)));
            } else {
                assertThat(sinks.get(i).code())
                        .isIn(ErrorCode.INSTANCE_DIED, ErrorCode.OVERLOADED, ErrorCode.MODEL_UNAVAILABLE);
            }
        }
        assertThat(sinks.stream().filter(RecordingSink::isAnswered)).hasSizeGreaterThan(1000);
    }
}
