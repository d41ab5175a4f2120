// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Many callers, some of which go away, while versions come, grow, shrink, fail and go: invariants I1, I2, I7, I9 and I12 of
 * batching-and-scheduling.md section 21. The seed decides what each thread does, not how they interleave.
 */
class ServingStressTest {
    private static final int CALLERS = 3;
    private static final int MOST_REQUESTS = 4000;
    private static final int CHANGES = 80;
    private static final Set<ErrorCode> EXPECTED = EnumSet.of(
            ErrorCode.MODEL_NOT_FOUND,
            ErrorCode.VERSION_NOT_FOUND,
            ErrorCode.MODEL_UNAVAILABLE,
            ErrorCode.OVERLOADED,
            ErrorCode.CANCELLED,
            ErrorCode.DEADLINE_EXCEEDED,
            ErrorCode.ENGINE_FAILED);

    private final Numbers numbers = new Numbers(ModelRef.of("a"));
    private final List<ScriptedModel> loaded = new CopyOnWriteArrayList<>();
    private final AtomicInteger batches = new AtomicInteger();
    private final AtomicBoolean changing = new AtomicBoolean(true);
    private final ModelRegistry registry = new ModelRegistry();
    private final RecordingObserver observer = new RecordingObserver();
    private final InferenceService service = new InferenceService(registry, observer, new FakeTicker());

    /** One request of one caller. */
    private record Asked(int number, RecordingSink sink) {}

    private final class Loader implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            ScriptedModel model = new ScriptedModel(this::run);
            loaded.add(model);
            return model;
        }

        private List<Outcome> run(Batch batch) {
            if (batches.incrementAndGet() % 50 == 0) {
                throw new IllegalStateException("every fiftieth batch fails");
            }
            return ScriptedModel.answers(numbers, batch);
        }
    }

    /**
     * Planted, one at a time: a skipped request dropped; answers in reverse; no wait for leases; a model closed under a call; a refused
     * request not released.
     */
    @ParameterizedTest
    @CsvSource({"1, 10000", "2, 10000", "3, 0", "4, 1"})
    void everyRequestEndsOnceWithItsOwnAnswerAndEveryBufferComesBack(long seed, long drainMillis) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        ModelLifecycle lifecycle = new ModelLifecycle(
                registry,
                new Loader(),
                observer,
                new FakeTicker(),
                () -> Instant.EPOCH,
                pool,
                Duration.ofMillis(drainMillis));
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        try {
            ModelId first = new ModelId("a", "1");
            finish(lifecycle.add(Specs.spec(first, 0)));
            finish(lifecycle.scale(first, new InstanceSpec(2, 2)));
            List<CompletableFuture<List<Asked>>> calls = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                int caller = i;
                calls.add(CompletableFuture.supplyAsync(() -> ask(new Random(seed * 31 + caller), caller), callers));
            }
            await().until(() -> batches.get() >= 10);
            change(lifecycle, new Random(seed));
            changing.set(false);
            List<Asked> asked = new ArrayList<>();
            for (CompletableFuture<List<Asked>> call : calls) {
                asked.addAll(call.get(60, TimeUnit.SECONDS));
            }
            finish(lifecycle.removeAll());
            check(asked, drainMillis);
        } finally {
            callers.shutdown();
            pool.shutdown();
        }
    }

    private List<Asked> ask(Random random, int caller) {
        List<Asked> asked = new ArrayList<>();
        for (int i = 0; i < MOST_REQUESTS && changing.get(); i++) {
            int number = caller * MOST_REQUESTS + i;
            Cancellation cancellation = new Cancellation();
            long deadlineNanos = random.nextInt(20) == 0 ? -1 : RequestContext.NO_DEADLINE;
            RecordingSink sink = new RecordingSink();
            service.infer(numbers.request(someRef(random), number, cancellation, deadlineNanos), sink);
            asked.add(new Asked(number, sink));
            if (random.nextInt(10) == 0) {
                cancellation.cancel();
            }
            if (random.nextInt(16) == 0) {
                // Lets the changes keep up with the callers.
                sink.awaitEnd();
            }
        }
        return asked;
    }

    private static ModelRef someRef(Random random) {
        String name = random.nextBoolean() ? "a" : "b";
        return random.nextInt(4) == 0 ? ModelRef.of(name, Integer.toString(1 + random.nextInt(2))) : ModelRef.of(name);
    }

    private void change(ModelLifecycle lifecycle, Random random) throws Exception {
        LimitSpec limits = new LimitSpec(40, Duration.ofSeconds(10), Duration.ofSeconds(10));
        List<CompletionStage<?>> running = new ArrayList<>();
        for (int i = 0; i < CHANGES; i++) {
            ModelId id = new ModelId(random.nextBoolean() ? "a" : "b", Integer.toString(1 + random.nextInt(2)));
            running.add(
                    switch (random.nextInt(6)) {
                        case 0, 1 -> lifecycle.add(Specs.spec(id, 0, limits));
                        case 2, 3 -> lifecycle.scale(id, new InstanceSpec(1 + random.nextInt(3), 3));
                        case 4 ->
                            random.nextBoolean()
                                    ? lifecycle.setDefault(id)
                                    : lifecycle.scale(id, new InstanceSpec(0, 0));
                        default -> lifecycle.remove(id);
                    });
            if (i % 4 == 0) {
                finish(running.get(i));
            }
        }
        for (CompletionStage<?> stage : running) {
            finish(stage);
        }
    }

    /** Waits; a change that was refused because of an earlier one is as good as one that worked. */
    private static void finish(CompletionStage<?> stage) throws InterruptedException, TimeoutException {
        try {
            var unused = stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(ServingException.class);
        }
    }

    private void check(List<Asked> asked, long drainMillis) throws InterruptedException {
        await().until(() -> loaded.stream().allMatch(ScriptedModel::isClosed));
        int answered = 0;
        for (Asked one : asked) {
            one.sink().awaitEnd();
            if (one.sink().isAnswered()) {
                answered++;
                assertThat(one.sink().number()).isEqualTo(Numbers.expected(one.number()));
            } else {
                assertThat(EXPECTED).contains(one.sink().code());
                if (drainMillis > 1000) {
                    assertThat(one.sink().failure()).hasMessageNotContaining("was unloaded");
                }
            }
            assertThat(one.sink().ends()).isEqualTo(1);
        }
        assertThat(answered).isPositive();
        assertThat(observer.finished()).hasSize(asked.size());
        assertThat(numbers.buffersOut()).isZero();
        assertThat(loaded).isNotEmpty().allSatisfy(model -> {
            assertThat(model.violations()).isEmpty();
            assertThat(model.batchSizes()).allMatch(size -> size <= 4);
        });
    }
}
