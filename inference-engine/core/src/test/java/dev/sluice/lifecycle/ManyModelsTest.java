// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A thousand models: no thread and no timer for any of them while they are registered and not loaded, whether by hand or from a
 * source. The limits on time are a hundred times what it takes; they catch what grows with the square of the models and is slow.
 */
class ManyModelsTest {
    private static final int MODELS = 1000;

    private final AtomicInteger loads = new AtomicInteger();
    private final AtomicInteger alarms = new AtomicInteger();
    private final ModelRegistry registry = new ModelRegistry();
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            new Failing(),
            (id, size, queueNanos, computeNanos) -> {},
            new FakeTicker(),
            () -> Instant.EPOCH,
            Runnable::run,
            Duration.ofSeconds(10));

    /** Loads nothing. */
    private final class Failing implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            loads.incrementAndGet();
            throw new ServingException(ErrorCode.LOAD_FAILED, "None of these loads");
        }
    }

    private static ModelSpec spec(int model) {
        return Specs.spec(new ModelId("model-" + model, "1"), 1);
    }

    /** Threads that were not there before and that serve a model or wait for a time. */
    private static List<String> newThreads(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .map(Thread::getName)
                .filter(name -> name.contains("model-") || name.contains("timer") || name.contains("Delay"))
                .toList();
    }

    @Test
    @Timeout(60)
    void registeringAndListingThemStartsNothing() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();

        for (int i = 0; i < MODELS; i++) {
            ModelVersion unused = lifecycle.add(spec(i)).toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        for (int i = 0; i < MODELS; i++) {
            assertThat(registry.models()).hasSize(MODELS);
            assertThat(registry.find(ModelRef.of("model-" + i)).queue().waiting())
                    .isZero();
        }

        assertThat(loads).hasValue(0);
        assertThat(newThreads(before)).isEmpty();
    }

    /** One alarm for each failure, and none for a model that has nothing to wait for. */
    @Test
    @Timeout(60)
    void followingThemFromASourceStartsNothingButTheirLoads() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        PublishedModels published = new PublishedModels();
        Reconciler reconciler = new Reconciler(
                registry,
                lifecycle,
                published,
                name -> ServingRules.DEFAULT,
                (pause, task) -> alarms.incrementAndGet());
        reconciler.start();

        for (int i = 0; i < MODELS; i++) {
            published.publish("model-" + i, List.of(spec(i)));
        }
        assertThat(loads).hasValue(MODELS);
        assertThat(alarms).hasValue(MODELS);
        for (int i = 0; i < MODELS; i++) {
            published.publish("model-" + i, List.of());
        }

        assertThat(registry.models()).isEmpty();
        assertThat(loads).hasValue(MODELS);
        assertThat(alarms).hasValue(MODELS);
        assertThat(newThreads(before)).isEmpty();
        reconciler.close();
    }
}
