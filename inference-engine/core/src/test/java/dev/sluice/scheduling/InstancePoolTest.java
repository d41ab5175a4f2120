// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.CountedCarriers;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How many instances there are when those that hang, those that fail and those that are asked for come together. */
class InstancePoolTest {
    private static final int MOST = InstancePool.MOST_HANGING;

    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final CountedCarriers carriers = new CountedCarriers();
    private final Gate gate = new Gate();

    /** Written by the test: what is to happen before the next instances are there. */
    private volatile Runnable onNewInstance = () -> {};

    /** Negative numbers stay in their call until the gate opens. */
    private final ScriptedModel model = new ScriptedModel(
            batch -> {
                if (Numbers.number(batch.requests().get(0)) < 0) {
                    gate.pass();
                }
                return ScriptedModel.answers(numbers, batch);
            },
            () -> onNewInstance.run());

    private final BatchingScheduler scheduler = new BatchingScheduler(
            new ModelId("m", "1.0"),
            model,
            new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
            new SchedulerSettings(100, LimitSpec.ANY_BYTES, Optional.of(Duration.ofMillis(20)), PrioritySpec.NONE),
            (id, size, queueNanos, computeNanos) -> {},
            new SchedulingThreads(Ticker.system(), carriers, Duration.ZERO),
            () -> Instant.EPOCH);

    private static void end(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private RecordingSink submit(int number) {
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

    private void hang(int calls) throws Exception {
        for (int i = 0; i < calls; i++) {
            assertThat(submit(-1).code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        }
    }

    private void failToStart() {
        throw new IllegalStateException("no more memory on the device");
    }

    private long ready() {
        return scheduler.instances().stream().filter(InstanceStatus::ready).count();
    }

    @BeforeEach
    void startOne() throws Exception {
        end(scheduler.resize(1));
    }

    @AfterEach
    void leavesNothingBehind() throws Exception {
        gate.open();
        end(scheduler.resize(0));
        model.close();
        assertThat(model.violations()).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Seen to fail when a replacement without a thread was dropped, and nobody owed one any more. */
    @Test
    void aReplacementThatGetsNoThreadComesWhenThereIsOne() throws Exception {
        hang(MOST + 1);
        await().until(() -> scheduler.instances().isEmpty());
        carriers.refuse(3);
        gate.open();

        await().until(() -> ready() == 1);
        assertThat(submit(7).number()).isEqualTo(Numbers.expected(7));
    }

    /** Seen to fail when a change of the number forgot those that were owed, and then failed itself. */
    @Test
    void instancesThatWereWantedComeBackThoughMoreWereAskedForInVain() throws Exception {
        hang(MOST + 1);
        await().until(() -> scheduler.instances().isEmpty());
        onNewInstance = this::failToStart;
        assertThatThrownBy(() -> end(scheduler.resize(3))).hasCauseInstanceOf(ServingException.class);
        assertThat(submit(1).code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);

        onNewInstance = () -> {};
        gate.open();
        await().until(() -> ready() == 1);
        assertThat(submit(7).number()).isEqualTo(Numbers.expected(7));
        assertThat(scheduler.instances()).hasSize(1);
    }

    /** Seen to fail when only a call that hangs was looked at: what waited, waited for ever, and so did what came. */
    @Test
    void refusesWhatWaitsWhenTheLastOneThatStartsFailsWhileAllOthersHang() throws Exception {
        hang(MOST);
        await().until(() -> ready() == 1);
        Gate starting = new Gate();
        onNewInstance = () -> {
            starting.pass();
            failToStart();
        };
        CompletionStage<Void> second = scheduler.resize(2);
        starting.awaitArrival();
        hang(1);
        RecordingSink waits = submit(1);
        assertThat(waits.isDone()).isFalse();
        starting.open();

        assertThatThrownBy(() -> end(second)).hasCauseInstanceOf(ServingException.class);
        assertThat(waits.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
        assertThat(submit(2).code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
        onNewInstance = () -> {};
        gate.open();
        await().until(() -> ready() == 1);
        assertThat(submit(7).number()).isEqualTo(Numbers.expected(7));
    }

    /** Seen to fail when calls that returned brought back no more than one instance. */
    @Test
    void asManyComeBackAsWereAskedForLast() throws Exception {
        end(scheduler.resize(3));
        hang(MOST + 3);
        await().until(() -> scheduler.instances().isEmpty());
        gate.open();

        await().until(() -> ready() == 3);
        assertThat(scheduler.instances()).hasSize(3);
    }
}
