// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.fixture.CountedCarriers;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.Cancellation;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which threads instances have, and when they have none. */
class CarrierTest {
    private static final ModelId ID = new ModelId("m", "1.0");

    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final CountedCarriers carriers = new CountedCarriers();
    private final List<BatchingScheduler> started = new ArrayList<>();
    private final List<Thread> ranOn = new CopyOnWriteArrayList<>();
    private final List<String> ranAs = new CopyOnWriteArrayList<>();
    private final ScriptedModel model = new ScriptedModel(batch -> {
        ranOn.add(Thread.currentThread());
        ranAs.add(Thread.currentThread().getName());
        if (Numbers.number(batch.requests().get(0)) < 0) {
            throw new LinkageError("broken");
        }
        return ScriptedModel.answers(numbers, batch);
    });

    @AfterEach
    void leavesNothingBehind() throws Exception {
        for (BatchingScheduler scheduler : started) {
            end(scheduler.resize(0));
        }
        model.close();
        assertThat(model.violations()).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
        await().until(() -> carriers.running() == 0);
    }

    private static void end(CompletionStage<Void> stage) throws Exception {
        stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private BatchingScheduler scheduler(SchedulingThreads threads) {
        return scheduler(threads, Optional.empty());
    }

    private BatchingScheduler scheduler(SchedulingThreads threads, Optional<Duration> limit) {
        BatchingScheduler scheduler = new BatchingScheduler(
                ID,
                model,
                new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
                new SchedulerSettings(100, LimitSpec.ANY_BYTES, limit, PrioritySpec.NONE),
                (id, size, queueNanos, computeNanos) -> {},
                threads,
                () -> Instant.EPOCH);
        started.add(scheduler);
        return scheduler;
    }

    private int ask(BatchingScheduler scheduler, int number) throws InterruptedException {
        RecordingSink sink = new RecordingSink();
        scheduler.submit(numbers.request(number), sink);
        return sink.number();
    }

    /** Planted: an instance that lingers without having run a batch. */
    @Test
    void i13ReadyModelsThatNobodyAsksForHaveNoThreads() throws Exception {
        SchedulingThreads threads = new SchedulingThreads(new FakeTicker(), carriers, Duration.ofHours(1));
        List<CompletionStage<Void>> ready = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            ready.add(scheduler(threads).resize(2));
        }
        for (CompletionStage<Void> each : ready) {
            end(each);
        }

        await().until(() -> carriers.running() == 0);
        assertThat(started)
                .allSatisfy(scheduler ->
                        assertThat(scheduler.instances()).hasSize(2).allMatch(InstanceStatus::ready));
        assertThat(ask(started.get(7), 3)).isEqualTo(Numbers.expected(3));
        assertThat(carriers.running()).as("it lingers").isEqualTo(1);
    }

    /** Planted: the limit of a call left behind when that returns. */
    @Test
    void i13NothingIsLeftToHappenWhenAllRequestsHaveEnded() throws Exception {
        SchedulingThreads threads = new SchedulingThreads(Ticker.system(), carriers, Duration.ZERO);
        BatchingScheduler scheduler = scheduler(threads, Optional.of(Duration.ofMinutes(1)));
        end(scheduler.resize(2));
        long deadline = Ticker.system().nanos() + Duration.ofMinutes(1).toNanos();
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            RecordingSink sink = new RecordingSink();
            scheduler.submit(numbers.request(i, new Cancellation(), deadline), sink);
            sinks.add(sink);
        }
        for (int i = 0; i < sinks.size(); i++) {
            assertThat(sinks.get(i).number()).isEqualTo(Numbers.expected(i));
        }

        await().until(() -> carriers.running() == 0);
        assertThat(threads.timers().hasTimers()).isFalse();
    }

    /** Planted: a carrier that rests without a last look whether it was woken. */
    @Test
    void anInstanceThatRestsRunsAgainAndAgain() throws Exception {
        BatchingScheduler scheduler = scheduler(new SchedulingThreads(Ticker.system(), carriers, Duration.ZERO));
        end(scheduler.resize(1));
        for (int i = 0; i < 2000; i++) {
            assertThat(ask(scheduler, i)).isEqualTo(Numbers.expected(i));
        }

        assertThat(carriers.started()).isBetween(2, 2001);
        await().until(() -> carriers.running() == 0);
        Thread before = ranOn.get(ranOn.size() - 1);
        ask(scheduler, 1);
        assertThat(ranOn.get(ranOn.size() - 1)).isNotSameAs(before);
    }

    /** Planted: no lingering. */
    @Test
    void anInstanceInUseKeepsItsThreadForAWhile() throws Exception {
        BatchingScheduler scheduler =
                scheduler(new SchedulingThreads(new FakeTicker(), carriers, Duration.ofSeconds(1)));
        end(scheduler.resize(1));
        for (int i = 0; i < 100; i++) {
            ask(scheduler, i);
        }

        assertThat(ranOn).hasSize(100);
        assertThat(Set.copyOf(ranOn)).hasSize(1);
    }

    /** Planted: a carrier that keeps the name. */
    @Test
    void aThreadIsNamedAfterTheInstanceWhileItCarriesIt() throws Exception {
        BatchingScheduler scheduler = scheduler(new SchedulingThreads(Ticker.system(), carriers, Duration.ZERO));
        end(scheduler.resize(1));
        ask(scheduler, 1);

        assertThat(ranAs).containsExactly("W-1-m_1.0");
        await().untilAsserted(() -> assertThat(ranOn.get(0).getName()).startsWith("Thread-"));
    }

    /** Planted: wake() that leaves the instance CARRIED by nobody; the request then waited for ever. */
    @Test
    void aRequestThatFindsNoThreadGetsOneAsSoonAsThereAreSome() throws Exception {
        BatchingScheduler scheduler = scheduler(new SchedulingThreads(Ticker.system(), carriers, Duration.ZERO));
        end(scheduler.resize(1));
        await().until(() -> carriers.running() == 0);
        carriers.refuse(3);

        assertThat(ask(scheduler, 1)).isEqualTo(Numbers.expected(1));
    }

    @Test
    void anInstanceThatGetsNoThreadToStartWithFailsTheLoad() throws Exception {
        BatchingScheduler scheduler = scheduler(new SchedulingThreads(Ticker.system(), carriers, Duration.ZERO));
        carriers.refuse(1);

        assertThatThrownBy(() -> end(scheduler.resize(1)))
                .hasCauseInstanceOf(ServingException.class)
                .hasRootCauseInstanceOf(OutOfMemoryError.class);
        assertThat(scheduler.instances()).isEmpty();
        end(scheduler.resize(1));
        assertThat(ask(scheduler, 2)).isEqualTo(Numbers.expected(2));
    }

    /** Planted: waiting for the next try on the carrier. */
    @Test
    void nobodyWaitsOnAThreadForABrokenInstance() throws Exception {
        FakeTicker ticker = new FakeTicker();
        BatchingScheduler scheduler = scheduler(new SchedulingThreads(ticker, carriers, Duration.ZERO));
        end(scheduler.resize(1));
        for (int i = 0; i < 2; i++) {
            RecordingSink sink = new RecordingSink();
            scheduler.submit(numbers.request(-1), sink);
            assertThat(sink.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        }

        await().until(() -> carriers.running() == 0);
        assertThat(model.created()).isEqualTo(2);
        assertThat(scheduler.instances()).noneMatch(InstanceStatus::ready);
        ticker.advance(Duration.ofMillis(100));
        assertThat(ask(scheduler, 5)).isEqualTo(Numbers.expected(5));
    }
}
