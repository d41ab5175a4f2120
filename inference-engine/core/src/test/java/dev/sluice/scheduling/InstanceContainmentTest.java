// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.Outcome;
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
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What becomes of callers when instances break or hang; with real threads on the real clock. */
class InstanceContainmentTest {
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final AtomicInteger replaced = new AtomicInteger();
    private final Gate gate = new Gate();

    private BatchingScheduler scheduler(ScriptedModel model, Optional<Duration> limit) throws Exception {
        SchedulingObserver observer = new SchedulingObserver() {
            @Override
            public void batchExecuted(ModelId id, int size, long queueNanos, long computeNanos) {}

            @Override
            public void instanceReplaced(ModelId id) {
                replaced.incrementAndGet();
            }
        };
        BatchingScheduler scheduler = new BatchingScheduler(
                new ModelId("m", "1.0"),
                model,
                new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
                new SchedulerSettings(100, LimitSpec.ANY_BYTES, limit, PrioritySpec.NONE),
                observer,
                new SchedulingThreads(Ticker.system()),
                () -> Instant.EPOCH);
        end(scheduler.resize(1));
        return scheduler;
    }

    private static void end(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number, long deadlineNanos) {
        RecordingSink sink = new RecordingSink();
        scheduler.submit(numbers.request(number, new Cancellation(), deadlineNanos), sink);
        return sink;
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number) {
        return submit(scheduler, number, RequestContext.NO_DEADLINE);
    }

    /** Numbers below {@code hanging} stay in their call until the gate opens. */
    private Function<Batch, List<Outcome>> hangingBelow(int hanging) {
        return batch -> {
            if (Numbers.number(batch.requests().get(0)) < hanging) {
                gate.pass();
            }
            return ScriptedModel.answers(numbers, batch);
        };
    }

    private void leavesNothingBehind(BatchingScheduler scheduler, ScriptedModel model) throws Exception {
        end(scheduler.resize(0));
        model.close();
        assertThat(model.violations()).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Planted: no timer for deadlines; the request then ended when the engine returned. */
    @Test
    void i6EndsAnExpiredRequestWhileTheEngineIsBlocked() throws Exception {
        ScriptedModel model = new ScriptedModel(hangingBelow(1));
        BatchingScheduler scheduler = scheduler(model, Optional.empty());
        RecordingSink runs = submit(scheduler, 0);
        gate.awaitArrival();
        RecordingSink waits = submit(
                scheduler, 1, Ticker.system().nanos() + Duration.ofMillis(20).toNanos());

        assertThat(waits.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(runs.isDone()).isFalse();
        gate.open();
        assertThat(runs.number()).isEqualTo(Numbers.expected(0));
        leavesNothingBehind(scheduler, model);
        assertThat(model.batchSizes()).hasSize(1);
    }

    /** Planted: abandon() that does not answer; a replacement that is not started; one that is started under the same number. */
    @Test
    void answersACallThatHangsAndPutsANewInstanceInItsPlace() throws Exception {
        ScriptedModel model = new ScriptedModel(hangingBelow(1));
        BatchingScheduler scheduler = scheduler(model, Optional.of(Duration.ofMillis(30)));
        RecordingSink hangs = submit(scheduler, 0);
        RecordingSink next = submit(scheduler, 1);

        assertThat(hangs.failure()).hasMessage("Prediction took longer than 30 ms (responseTimeout)");
        assertThat(hangs.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(next.number()).isEqualTo(Numbers.expected(1));
        assertThat(scheduler.instances()).containsExactly(new InstanceStatus(2, Instant.EPOCH, true));
        await().untilAsserted(() -> assertThat(replaced).hasValue(1));
        assertThat(numbers.buffersOut()).as("the engine still reads its inputs").isEqualTo(1);

        CompletionStage<Void> stopped = scheduler.resize(0);
        assertThat(stopped.toCompletableFuture())
                .as("the model may not be closed under the call")
                .isNotDone();
        gate.open();
        end(stopped);
        leavesNothingBehind(scheduler, model);
        assertThat(hangs.ends()).isEqualTo(1);
    }

    /** Planted: a replacement for each, without a bound. */
    @Test
    void replacesOnlySoManyInstancesThatHangAndGoesOnWhenOneReturns() throws Exception {
        int most = InstancePool.MOST_HANGING;
        ScriptedModel model = new ScriptedModel(hangingBelow(most + 1));
        BatchingScheduler scheduler = scheduler(model, Optional.of(Duration.ofMillis(10)));
        for (int i = 0; i <= most; i++) {
            assertThat(submit(scheduler, i).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        }
        await().until(() -> scheduler.instances().isEmpty());
        assertThat(model.created()).isEqualTo(most + 1);

        gate.open();
        var next = numbers.request(most + 1);
        RecordingSink sink = new RecordingSink();
        await().ignoreException(ServingException.class).until(() -> {
            scheduler.submit(next, sink);
            return true;
        });
        assertThat(sink.number()).isEqualTo(Numbers.expected(most + 1));
        leavesNothingBehind(scheduler, model);
    }

    /** Planted: no refusal; the waiting and the late request hung for as long as the calls. A refusal that is never taken back. */
    @Test
    void refusesWhatWaitsAndWhatComesWhileAllInstancesHang() throws Exception {
        int most = InstancePool.MOST_HANGING;
        ScriptedModel model = new ScriptedModel(batch -> {
            int number = Numbers.number(batch.requests().get(0));
            if (number <= most) {
                gate.pass();
            }
            return ScriptedModel.answers(numbers, batch);
        });
        BatchingScheduler scheduler = scheduler(model, Optional.of(Duration.ofMillis(20)));
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i <= most + 3; i++) {
            sinks.add(submit(scheduler, i));
        }

        for (int i = 0; i <= most; i++) {
            assertThat(sinks.get(i).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        }
        for (int i = most + 1; i <= most + 3; i++) {
            assertThat(sinks.get(i).code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
            assertThat(sinks.get(i).failure()).hasMessageContaining("5 calls take longer than its responseTimeout");
        }
        var late = numbers.request(most + 4);
        assertThatThrownBy(() -> scheduler.submit(late, new RecordingSink()))
                .isInstanceOfSatisfying(
                        ServingException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE));
        gate.open();
        RecordingSink again = new RecordingSink();
        await().ignoreException(ServingException.class).until(() -> {
            scheduler.submit(late, again);
            return true;
        });
        assertThat(again.number()).isEqualTo(Numbers.expected(most + 4));
        leavesNothingBehind(scheduler, model);
    }

    /** Planted: an instance used again after an Error; no second try when making it anew fails. */
    @Test
    void makesAnInstanceAnewAfterAnErrorUntilThatWorks() throws Exception {
        AtomicInteger made = new AtomicInteger();
        ScriptedModel model = new ScriptedModel(
                batch -> {
                    if (Numbers.number(batch.requests().get(0)) == 0) {
                        throw new LinkageError("broken");
                    }
                    return ScriptedModel.answers(numbers, batch);
                },
                () -> {
                    if (made.incrementAndGet() == 2) {
                        throw new IllegalStateException("not yet");
                    }
                });
        BatchingScheduler scheduler = scheduler(model, Optional.empty());

        assertThat(submit(scheduler, 0).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(submit(scheduler, 1).number()).isEqualTo(Numbers.expected(1));
        assertThat(made).hasValue(3);
        assertThat(replaced).hasValue(2);
        leavesNothingBehind(scheduler, model);
    }

    /** Seen to fail, by waiting for ever, when only what Java lets be thrown was looked for. */
    @Test
    void tellsThatAnInstanceCannotBeMadeWhateverIsThrown() throws Exception {
        AtomicInteger made = new AtomicInteger();
        ScriptedModel model = new ScriptedModel(batch -> ScriptedModel.answers(numbers, batch), () -> {
            if (made.incrementAndGet() == 2) {
                throw InstanceContainmentTest.<RuntimeException>unseen(new IOException("no licence"));
            }
        });
        BatchingScheduler scheduler = scheduler(model, Optional.empty());

        assertThatThrownBy(() -> end(scheduler.resize(2))).hasRootCauseInstanceOf(IOException.class);
        end(scheduler.resize(1));
        assertThat(submit(scheduler, 1).number()).isEqualTo(Numbers.expected(1));
        leavesNothingBehind(scheduler, model);
    }

    /** As languages without checked exceptions throw them. */
    @SuppressWarnings("unchecked") // what it is for
    private static <T extends Throwable> RuntimeException unseen(Throwable thrown) throws T {
        throw (T) thrown;
    }
}
