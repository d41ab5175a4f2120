// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Models that take a request only when an instance is free; with real threads. */
class JobTicketTest {
    private static final int MANY = 1_000_000;

    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final Semaphore mayEnd = new Semaphore(0);
    private final ScriptedModel model = new ScriptedModel(this::run);
    private final List<BatchingScheduler> started = new ArrayList<>();

    private List<Outcome> run(Batch batch) {
        mayEnd.acquireUninterruptibly();
        return ScriptedModel.answers(numbers, batch);
    }

    private BatchingScheduler serve(int instances, BatchSpec batching, Ticker ticker) throws Exception {
        BatchingScheduler scheduler = new BatchingScheduler(
                new ModelId("m", "1.0"),
                model,
                new SizeOrDelayPolicy(batching),
                new SchedulerSettings(
                        100,
                        LimitSpec.ANY_BYTES,
                        Optional.empty(),
                        PrioritySpec.NONE,
                        AllowedSizes.ANY,
                        false,
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        true),
                (id, size, queueNanos, computeNanos) -> {},
                new SchedulingThreads(ticker),
                () -> Instant.EPOCH);
        started.add(scheduler);
        scheduler.resize(instances).toCompletableFuture().get(10, TimeUnit.SECONDS);
        return scheduler;
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number) {
        return submit(scheduler, number, new Cancellation());
    }

    private RecordingSink submit(BatchingScheduler scheduler, int number, Cancellation cancellation) {
        RecordingSink sink = new RecordingSink();
        var request = numbers.request(number, cancellation, RequestContext.NO_DEADLINE);
        try {
            scheduler.submit(request, sink);
        } catch (ServingException refusal) {
            request.release();
            sink.fail(refusal);
        }
        return sink;
    }

    @AfterEach
    void leavesNothingBehind() throws Exception {
        mayEnd.release(MANY);
        for (BatchingScheduler scheduler : started) {
            scheduler.resize(0).toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        assertThat(model.violations()).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Seen to fail when a ticket was looked for in one step and taken in another. */
    @Test
    void i17AdmitsExactlyAsManyAsInstancesAreFreeHoweverManyComeAtOnce() throws Exception {
        int free = 3;
        int callers = 8;
        BatchingScheduler scheduler = serve(free, new BatchSpec(1, Duration.ZERO), Ticker.system());
        for (int round = 0; round < 200; round++) {
            CyclicBarrier together = new CyclicBarrier(callers);
            List<CompletableFuture<RecordingSink>> all = IntStream.range(0, callers)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    together.await(10, TimeUnit.SECONDS);
                                } catch (Exception e) {
                                    throw new AssertionError(e);
                                }
                                return submit(scheduler, i);
                            },
                            task -> new Thread(task).start()))
                    .toList();
            List<RecordingSink> sinks = all.stream().map(CompletableFuture::join).toList();
            List<RecordingSink> refused =
                    sinks.stream().filter(RecordingSink::isDone).toList();
            assertThat(refused).as("round %s", round).hasSize(callers - free);
            for (RecordingSink each : refused) {
                assertThat(each.failure())
                        .hasMessage(
                                "Model \"m\" takes a request only when an instance is free, and none is. Retry later.");
                assertThat(each.code()).isEqualTo(ErrorCode.OVERLOADED);
            }
            mayEnd.release(free);
            sinks.forEach(RecordingSink::awaitEnd);
        }
    }

    /** Seen to fail when an instance counted as free only once it asked for more: the next request of the one it answered was refused. */
    @Test
    void whoGotAnAnswerMayComeAgainAtOnce() throws Exception {
        mayEnd.release(MANY);
        BatchingScheduler scheduler = serve(1, new BatchSpec(1, Duration.ZERO), Ticker.system());
        for (int i = 0; i < 20_000; i++) {
            assertThat(submit(scheduler, i).number()).isEqualTo(Numbers.expected(i));
        }
    }

    /** Seen to fail when a batch of three cost all three instances. */
    @Test
    void aBatchFillsFromThoseThatWereAdmittedAndCostsOneInstance() throws Exception {
        FakeTicker ticker = new FakeTicker();
        BatchingScheduler scheduler = serve(3, new BatchSpec(4, Duration.ofSeconds(1)), ticker);
        List<RecordingSink> first =
                IntStream.range(0, 3).mapToObj(i -> submit(scheduler, i)).toList();
        assertThat(submit(scheduler, 9).code()).isEqualTo(ErrorCode.OVERLOADED);

        ticker.advance(Duration.ofMillis(1100));
        await().until(() -> scheduler.queue().waiting() == 0);
        assertThat(model.batchSizes()).containsExactly(3);
        RecordingSink fourth = submit(scheduler, 4);
        RecordingSink fifth = submit(scheduler, 5);
        assertThat(submit(scheduler, 9).code()).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(first).noneMatch(RecordingSink::isDone);
        mayEnd.release(MANY);
        ticker.advance(Duration.ofMillis(1100));
        assertThat(fourth.number()).isEqualTo(Numbers.expected(4));
        assertThat(fifth.number()).isEqualTo(Numbers.expected(5));
    }

    /** Seen to fail when who left took the place along. */
    @Test
    void whoLeavesWhileWaitingMakesRoom() throws Exception {
        FakeTicker ticker = new FakeTicker();
        BatchingScheduler scheduler = serve(1, new BatchSpec(4, Duration.ofSeconds(1)), ticker);
        Cancellation leaves = new Cancellation();
        submit(scheduler, 1, leaves);
        assertThat(submit(scheduler, 2).code()).isEqualTo(ErrorCode.OVERLOADED);
        leaves.cancel();
        RecordingSink next = submit(scheduler, 3);
        mayEnd.release(MANY);
        ticker.advance(Duration.ofMillis(1100));
        assertThat(next.number()).isEqualTo(Numbers.expected(3));
    }

    /** Seen to fail, by a request that waits, when instances were counted that are still to come. */
    @Test
    void refusesWhileThereIsNoInstanceAndTakesMoreWhenThereAreMore() throws Exception {
        BatchingScheduler scheduler = serve(0, new BatchSpec(1, Duration.ZERO), Ticker.system());
        assertThat(submit(scheduler, 1).code()).isEqualTo(ErrorCode.OVERLOADED);
        scheduler.resize(2).toCompletableFuture().get(10, TimeUnit.SECONDS);
        RecordingSink first = submit(scheduler, 1);
        RecordingSink second = submit(scheduler, 2);
        assertThat(submit(scheduler, 3).code()).isEqualTo(ErrorCode.OVERLOADED);
        mayEnd.release(MANY);
        assertThat(first.number()).isEqualTo(Numbers.expected(1));
        assertThat(second.number()).isEqualTo(Numbers.expected(2));
    }
}
