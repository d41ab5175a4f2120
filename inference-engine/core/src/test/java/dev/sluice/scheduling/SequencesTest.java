// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.model.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SequencesTest {
    private static final ModelId ID = new ModelId("m", "1.0");
    private static final int LAST = 1_000_000;

    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final Gate gate = new Gate();
    private final Map<String, List<Integer>> order = new ConcurrentHashMap<>();
    private final List<String> forgotten = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private final List<BatchingScheduler> started = new ArrayList<>();

    /** Notes the order of each sequence; the number 0 waits at the gate. */
    private final class Model implements LoadedModel {
        private final ScriptedModel scripted = new ScriptedModel(this::run);

        private List<Outcome> run(Batch batch) {
            List<String> ids = batch.requests().stream().map(Model::id).toList();
            if (new HashSet<>(ids).size() < ids.size()) {
                violations.add("two of one sequence in a batch: " + ids);
            }
            for (InferenceRequest request : batch.requests()) {
                if (!running.add(id(request))) {
                    violations.add("two of " + id(request) + " at once");
                }
                order.computeIfAbsent(id(request), id -> new CopyOnWriteArrayList<>())
                        .add(Numbers.number(request));
            }
            if (batch.requests().stream().anyMatch(request -> Numbers.number(request) == 0)) {
                gate.pass();
            }
            ids.forEach(running::remove);
            return ScriptedModel.answers(numbers, batch);
        }

        private static String id(InferenceRequest request) {
            return request.context().sequence().map(SequenceRef::id).orElse("none");
        }

        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public ModelInstance newInstance() {
            return scripted.newInstance();
        }

        @Override
        public void forget(String sequenceId) {
            if (running.contains(sequenceId)) {
                violations.add(sequenceId + " forgotten while it runs");
            }
            forgotten.add(sequenceId);
        }

        @Override
        public void close() {
            scripted.close();
        }
    }

    private BatchingScheduler serve(int instances, SequenceSpec bounds) throws Exception {
        BatchingScheduler scheduler = new BatchingScheduler(
                ID,
                new Model(),
                new SizeOrDelayPolicy(new BatchSpec(4, Duration.ZERO)),
                new SchedulerSettings(
                        10_000,
                        LimitSpec.ANY_BYTES,
                        Optional.empty(),
                        PrioritySpec.NONE,
                        AllowedSizes.ANY,
                        false,
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.of(bounds)),
                (id, size, queueNanos, computeNanos) -> {},
                new SchedulingThreads(Ticker.system()),
                () -> Instant.EPOCH);
        scheduler.resize(instances).toCompletableFuture().get(10, TimeUnit.SECONDS);
        started.add(scheduler);
        return scheduler;
    }

    private static SequenceSpec bounds(int open, int waiting) {
        return new SequenceSpec(open, waiting, Duration.ofMinutes(10), Duration.ZERO);
    }

    private RecordingSink submit(
            BatchingScheduler to, SequenceRef of, int number, Cancellation cancellation, long until) {
        InferenceRequest plain = numbers.request(number, cancellation, until);
        RecordingSink sink = new RecordingSink();
        InferenceRequest request = new InferenceRequest(
                plain.model(),
                plain.inputs(),
                List.of(),
                Map.of(),
                plain.context().withSequence(of));
        try {
            to.submit(request, sink);
        } catch (ServingException e) {
            request.release();
            throw e;
        }
        return sink;
    }

    private RecordingSink submit(BatchingScheduler to, String id, int number) {
        return submit(to, new SequenceRef(id, false, false), number, new Cancellation(), RequestContext.NO_DEADLINE);
    }

    private RecordingSink submitLast(BatchingScheduler to, String id) {
        return submit(to, new SequenceRef(id, false, true), LAST, new Cancellation(), RequestContext.NO_DEADLINE);
    }

    @AfterEach
    void nothingIsLeftBehind() throws Exception {
        gate.open();
        for (BatchingScheduler scheduler : started) {
            scheduler.evict(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end of test"));
            scheduler.resize(0).toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        assertThat(violations).isEmpty();
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Planted: the turn not taken back when it is over; each sequence ended with its first request. */
    @Test
    void runsEachSequenceInItsOrderOneAtATime() throws Exception {
        BatchingScheduler scheduler = serve(2, bounds(8, 1000));
        List<CompletableFuture<List<RecordingSink>>> callers = new ArrayList<>();
        for (int caller = 0; caller < 8; caller++) {
            String id = "s" + caller;
            callers.add(CompletableFuture.supplyAsync(() -> {
                List<RecordingSink> sinks = new ArrayList<>();
                for (int i = 1; i <= 300; i++) {
                    sinks.add(submit(scheduler, id, i));
                }
                return sinks;
            }));
        }
        for (CompletableFuture<List<RecordingSink>> caller : callers) {
            List<RecordingSink> sinks = caller.get(10, TimeUnit.SECONDS);
            for (int i = 1; i <= 300; i++) {
                assertThat(sinks.get(i - 1).number()).isEqualTo(Numbers.expected(i));
            }
        }
        assertThat(order)
                .hasSize(8)
                .allSatisfy((id, ran) -> assertThat(ran).isSorted().hasSize(300));
    }

    /** Planted: no bound on sequences, and none on those that wait. */
    @Test
    void refusesMoreSequencesAndMoreWaitingThanItMayHave() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(2, 1));
        submit(scheduler, "a", 0);
        gate.awaitArrival();
        submit(scheduler, "a", 1);
        submit(scheduler, "b", 2);

        assertThatThrownBy(() -> submit(scheduler, "a", 3))
                .hasMessage("Sequence \"a\" of model \"m\" has 1 requests waiting, which is the most it may");
        assertThatThrownBy(() -> submit(scheduler, "c", 4))
                .hasMessage("Model \"m\" has 2 open sequences of at most 2; no new one can start");
    }

    /** Planted: the place of a sequence that ended not given back; the third could not start. */
    @Test
    void aSequenceEndsWithTheRequestThatSaysSo() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(1, 4));
        for (String id : List.of("a", "b", "c")) {
            submit(scheduler, id, 1);
            assertThat(submitLast(scheduler, id).number()).isEqualTo(Numbers.expected(LAST));
            await().until(() -> forgotten.contains(id));
        }

        assertThat(forgotten).containsExactly("a", "b", "c");
    }

    /** Planted: what follows an end taken for the same sequence; nothing was forgotten in between. */
    @Test
    void whatComesAfterAnEndStartsAnew() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(1, 4));
        submit(scheduler, "a", 0);
        gate.awaitArrival();
        submitLast(scheduler, "a");
        RecordingSink anew = submit(scheduler, "a", 7);
        assertThat(forgotten).isEmpty();
        gate.open();

        assertThat(anew.number()).isEqualTo(Numbers.expected(7));
        assertThat(forgotten).containsExactly("a");
        SequenceRef start = new SequenceRef("a", true, false);
        assertThat(submit(scheduler, start, 8, new Cancellation(), RequestContext.NO_DEADLINE)
                        .number())
                .isEqualTo(Numbers.expected(8));
        assertThat(forgotten).containsExactly("a", "a");
    }

    /** Planted: no timer; the place was never given back. */
    @Test
    void aSequenceEndsWhenNothingComesForTooLong() throws Exception {
        BatchingScheduler scheduler = serve(1, new SequenceSpec(1, 1, Duration.ofMillis(20), Duration.ZERO));

        submit(scheduler, "a", 1).awaitEnd();
        await().until(() -> forgotten.equals(List.of("a")));
        assertThat(submit(scheduler, "b", 2).number()).isEqualTo(Numbers.expected(2));
    }

    @Test
    void aSequenceThatIsTooOldTakesNothingMore() throws Exception {
        BatchingScheduler scheduler = serve(1, new SequenceSpec(1, 4, Duration.ofHours(1), Duration.ofMillis(20)));
        submit(scheduler, "a", 0);
        gate.awaitArrival();
        await().untilAsserted(() -> assertThatThrownBy(() -> submit(scheduler, "a", 1))
                .hasMessage("Sequence \"a\" of model \"m\" is older than 20 ms and takes nothing more"));
        gate.open();

        await().until(() -> forgotten.equals(List.of("a")));
    }

    /** Planted: no timer and no listener for those that wait for their turn; they ended when the gate opened. */
    @Test
    void deadlinesAndCallersThatLeaveEndThoseThatWaitForTheirTurn() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(1, 4));
        RecordingSink runs = submit(scheduler, "a", 0);
        gate.awaitArrival();
        SequenceRef a = new SequenceRef("a", false, false);
        long soon = Ticker.system().nanos() + Duration.ofMillis(20).toNanos();
        RecordingSink late = submit(scheduler, a, 1, new Cancellation(), soon);
        Cancellation cancellation = new Cancellation();
        RecordingSink leaves = submit(scheduler, a, 2, cancellation, RequestContext.NO_DEADLINE);
        RecordingSink stays = submit(scheduler, "a", 3);
        cancellation.cancel();

        assertThat(late.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(leaves.code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(runs.isDone()).isFalse();
        gate.open();
        assertThat(stays.number()).isEqualTo(Numbers.expected(3));
        assertThat(order.get("a")).containsExactly(0, 3);
        assertThat(leaves.ends()).isEqualTo(1);
    }

    /** Planted: the turn passed on with the answer; the next request ran while the engine still read the first one's state. */
    @Test
    void theTurnPassesWhenTheCallIsOverNotWhenItsCallerLeaves() throws Exception {
        BatchingScheduler scheduler = serve(2, bounds(1, 4));
        Cancellation cancellation = new Cancellation();
        SequenceRef last = new SequenceRef("a", false, true);
        RecordingSink leaves = submit(scheduler, last, 0, cancellation, RequestContext.NO_DEADLINE);
        gate.awaitArrival();
        RecordingSink next = submit(scheduler, "a", 5);
        cancellation.cancel();

        assertThat(leaves.code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(order.get("a")).containsExactly(0);
        assertThat(forgotten).isEmpty();
        gate.open();
        assertThat(next.number()).isEqualTo(Numbers.expected(5));
        assertThat(forgotten).containsExactly("a");
    }

    /**
     * Planted: a refusal that begins a sequence; no other could start for as long as that one was kept. And one that ends it: what
     * came after began anew.
     */
    @Test
    void aRequestThatIsRefusedNeitherBeginsNorEndsASequence() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(1, 4));
        long past = Ticker.system().nanos() - 1;
        assertThatThrownBy(() -> submit(scheduler, new SequenceRef("a", true, false), 1, new Cancellation(), past))
                .hasMessageContaining("deadline had passed");
        assertThat(submit(scheduler, "b", 2).number()).isEqualTo(Numbers.expected(2));
        forgotten.clear();

        assertThatThrownBy(() -> submit(scheduler, new SequenceRef("b", true, true), 3, new Cancellation(), past))
                .hasMessageContaining("deadline had passed");
        assertThat(submit(scheduler, "b", 4).number()).isEqualTo(Numbers.expected(4));
        assertThat(forgotten).isEmpty();
        assertThatThrownBy(() -> submit(scheduler, "c", 5)).hasMessageContaining("open sequences");
    }

    /** Planted: idle sequences left open; their timers held the version, and told a closed model to forget. */
    @Test
    void evictionEndsIdleSequences() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(2, 4));
        submit(scheduler, "a", 1).awaitEnd();
        await().until(() -> running.isEmpty());
        scheduler.evict(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "unloaded"));

        await().until(() -> forgotten.equals(List.of("a")));
    }

    /** Planted: only the queue evicted; those that wait for their turn were not answered. */
    @Test
    void evictionEndsThoseThatWaitForTheirTurn() throws Exception {
        BatchingScheduler scheduler = serve(1, bounds(1, 4));
        RecordingSink runs = submit(scheduler, "a", 0);
        gate.awaitArrival();
        RecordingSink waits = submit(scheduler, "a", 1);
        scheduler.evict(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "unloaded"));

        assertThat(waits.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
        gate.open();
        assertThat(runs.number()).isEqualTo(Numbers.expected(0));
    }

    /** Random ends, starts and departures, so that sequences end and begin under those who use them. */
    @Test
    void everyRequestOfManySequencesEndsOnce() throws Exception {
        BatchingScheduler scheduler = serve(2, new SequenceSpec(3, 5, Duration.ofMillis(1), Duration.ofMillis(5)));
        List<CompletableFuture<List<RecordingSink>>> callers = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
            Random random = new Random(caller);
            callers.add(CompletableFuture.supplyAsync(() -> storm(scheduler, random)));
        }
        for (CompletableFuture<List<RecordingSink>> caller : callers) {
            for (RecordingSink sink : caller.get(20, TimeUnit.SECONDS)) {
                sink.awaitEnd();
                assertThat(sink.ends()).isEqualTo(1);
            }
        }
    }

    private List<RecordingSink> storm(BatchingScheduler scheduler, Random random) {
        List<RecordingSink> taken = new ArrayList<>();
        for (int i = 1; i <= 2000; i++) {
            Cancellation cancellation = new Cancellation();
            SequenceRef ref =
                    new SequenceRef("s" + random.nextInt(4), random.nextInt(10) == 0, random.nextInt(10) == 0);
            try {
                taken.add(submit(scheduler, ref, i, cancellation, RequestContext.NO_DEADLINE));
            } catch (ServingException refused) {
                assertThat(refused.code()).isIn(ErrorCode.OVERLOADED, ErrorCode.MODEL_UNAVAILABLE);
            }
            if (random.nextInt(5) == 0) {
                cancellation.cancel();
            }
        }
        return taken;
    }
}
