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
import dev.sluice.inference.RequestContext;
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
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Swaps as fast as they go while callers keep the queue filled. The same over the wire, with engines and their memory, is
 * {@code ReloadStormIT} in the integration tests.
 */
class ReloadStormTest {
    private static final int SWAPS = 100;
    private static final int CALLERS = 3;

    /** Requests each caller has on their way at once. */
    private static final int AT_ONCE = 24;

    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final List<ScriptedModel> loaded = new CopyOnWriteArrayList<>();

    /** Versions whose removal has been reported as done. */
    private final Set<ModelId> gone = ConcurrentHashMap.newKeySet();

    private final List<String> startedTooLate = new CopyOnWriteArrayList<>();
    private final AtomicInteger batches = new AtomicInteger();
    private final ModelRegistry registry = new ModelRegistry();
    private final InferenceService service = new InferenceService(registry, new RecordingObserver(), new FakeTicker());

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
            batches.incrementAndGet();
            if (gone.contains(batch.model())) {
                startedTooLate.add(batch.model().toString());
            }
            return ScriptedModel.answers(numbers, batch);
        }
    }

    /**
     * Invariant I9 of batching-and-scheduling.md section 21. Seen to fail with each of these: the drain that does not wait for
     * leases (requests that waited were refused, since their version "was unloaded"); a removal reported as done before its drain
     * (batches started on versions that were gone). That a request finds the new version when the old one goes between its two
     * steps is shown in {@code ModelRegistryTest}.
     */
    @Test
    void i9SwapUnderLoadFailsNoRequestAndStartsNoneOnAVersionThatIsGone() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        ModelLifecycle lifecycle = new ModelLifecycle(
                registry,
                new Loader(),
                new RecordingObserver(),
                new FakeTicker(),
                () -> Instant.EPOCH,
                pool,
                Duration.ofSeconds(30));
        AtomicBoolean swapping = new AtomicBoolean(true);
        try {
            ready(lifecycle, id(0));
            List<CompletableFuture<Integer>> calls = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                calls.add(CompletableFuture.supplyAsync(() -> ask(swapping), callers));
            }
            for (int i = 1; i <= SWAPS; i++) {
                int before = batches.get();
                // A caller that has ended has not been answered; it says below why.
                await().pollInterval(Duration.ofMillis(1))
                        .until(() -> batches.get() > before || calls.stream().anyMatch(CompletableFuture::isDone));
                swap(lifecycle, id(i - 1), id(i));
            }
            swapping.set(false);
            for (CompletableFuture<Integer> call : calls) {
                assertThat(call.get(60, TimeUnit.SECONDS)).isPositive();
            }
            get(lifecycle.removeAll());
        } finally {
            swapping.set(false);
            callers.shutdown();
            pool.shutdown();
        }

        assertThat(startedTooLate).isEmpty();
        assertThat(loaded).hasSize(SWAPS + 1).allSatisfy(model -> {
            assertThat(model.isClosed()).isTrue();
            assertThat(model.violations()).isEmpty();
        });
        assertThat(numbers.buffersOut()).isZero();
    }

    private static ModelId id(int version) {
        return new ModelId("m", Integer.toString(version));
    }

    private static void ready(ModelLifecycle lifecycle, ModelId id) throws Exception {
        LimitSpec limits = new LimitSpec(CALLERS * AT_ONCE, Duration.ofSeconds(30), Duration.ofSeconds(30));
        get(lifecycle.add(Specs.spec(id, 1, limits)));
        get(lifecycle.scale(id, new InstanceSpec(1, 1)));
    }

    private void swap(ModelLifecycle lifecycle, ModelId old, ModelId next) throws Exception {
        ready(lifecycle, next);
        get(lifecycle.setDefault(next));
        get(lifecycle.remove(old));
        gone.add(old);
    }

    private static <T> void get(CompletionStage<T> stage) throws Exception {
        T unused = stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** @return how many were answered; fails with the first that was not */
    private int ask(AtomicBoolean swapping) {
        int asked = 0;
        while (swapping.get()) {
            List<RecordingSink> sinks = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                RecordingSink sink = new RecordingSink();
                sinks.add(sink);
                service.infer(
                        numbers.request(ModelRef.of("m"), asked + i, new Cancellation(), RequestContext.NO_DEADLINE),
                        sink);
            }
            for (RecordingSink sink : sinks) {
                assertThat(number(sink)).isEqualTo(Numbers.expected(asked));
                asked++;
            }
        }
        return asked;
    }

    private static int number(RecordingSink sink) {
        try {
            return sink.number();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
