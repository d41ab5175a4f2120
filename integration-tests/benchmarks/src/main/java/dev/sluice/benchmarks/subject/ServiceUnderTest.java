// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ServingObserver;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** The whole core without a transport: a registry with models in it, and the service in front. */
public final class ServiceUnderTest implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final ModelRegistry registry = new ModelRegistry();
    private final ExecutorService loadPool = Executors.newFixedThreadPool(2);
    private final InferenceService service;
    private final ModelLifecycle lifecycle;

    private ServiceUnderTest(LoadedModel model) {
        this.service = new InferenceService(registry, new Deaf(), Ticker.system());
        this.lifecycle = new ModelLifecycle(
                registry, new Loader(model), new Deaf(), Ticker.system(), Clock.systemUTC(), loadPool, LIMIT);
    }

    /**
     * Registers {@code models} models, the first of which requests are for, and returns when their instances run.
     *
     * @param model what every one of them runs
     */
    public static ServiceUnderTest start(int models, LoadedModel model, Sizing sizing) {
        ServiceUnderTest subject = new ServiceUnderTest(model);
        List<CompletableFuture<?>> started = IntStream.range(0, models)
                .<CompletableFuture<?>>mapToObj(
                        number -> subject.startModel(idOf(number), sizing).toCompletableFuture())
                .toList();
        CompletableFuture.allOf(started.toArray(CompletableFuture[]::new))
                .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
                .join();
        return subject;
    }

    private CompletionStage<?> startModel(ModelId id, Sizing sizing) {
        InstanceSpec instances = new InstanceSpec(sizing.instances(), sizing.instances());
        ModelSpec spec = new ModelSpec(
                id,
                "benchmark",
                new ModelFiles(Path.of(""), Optional.empty()),
                Optional.empty(),
                "none",
                sizing.batching(),
                instances,
                new LimitSpec(sizing.queueCapacity(), LIMIT, LIMIT),
                Map.of());
        return lifecycle.add(spec).thenCompose(version -> lifecycle.scale(id, instances));
    }

    private static ModelId idOf(int number) {
        return number == 0
                ? Requests.MODEL
                : new ModelId(Requests.MODEL.name() + "-" + number, Requests.MODEL.version());
    }

    public InferenceService service() {
        return service;
    }

    public ModelRegistry registry() {
        return registry;
    }

    @Override
    public void close() {
        lifecycle
                .removeAll()
                .toCompletableFuture()
                .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
                .join();
        loadPool.shutdown();
    }

    /** Finds no model files, since there are none. */
    private record Loader(LoadedModel model) implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            return model;
        }
    }

    /** Metrics have benchmarks of their own. */
    private static final class Deaf implements ServingObserver {
        @Override
        public void requestFinished(
                ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {}

        @Override
        public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {}
    }
}
