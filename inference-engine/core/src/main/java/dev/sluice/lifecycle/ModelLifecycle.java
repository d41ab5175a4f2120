// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.BatchingScheduler;
import dev.sluice.scheduling.SchedulingObserver;
import dev.sluice.scheduling.SizeOrDelayPolicy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves versions between their states: adds, loads, scales, drains and removes them.
 *
 * <p><b>Threads:</b> callable from any thread, and returns at once. The work runs on the load pool, where it may block; changes
 * to one model name run one after another, so each version has one writer at a time.
 *
 * <p><b>Errors:</b> every stage fails with a {@link ServingException} only.
 */
public final class ModelLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ModelLifecycle.class);

    private final ModelRegistry registry;
    private final ModelLoader loader;
    private final SchedulingObserver observer;
    private final Ticker ticker;
    private final InstantSource clock;
    private final Duration drainTimeout;
    private final SerialExecutor changes;

    /**
     * A lifecycle without versions.
     *
     * @param loadPool runs the changes; as many threads as models may load side by side
     * @param drainTimeout how long a version that is going away may finish its requests
     */
    public ModelLifecycle(
            ModelRegistry registry,
            ModelLoader loader,
            SchedulingObserver observer,
            Ticker ticker,
            InstantSource clock,
            Executor loadPool,
            Duration drainTimeout) {
        this.registry = registry;
        this.loader = loader;
        this.observer = observer;
        this.ticker = ticker;
        this.clock = clock;
        this.drainTimeout = drainTimeout;
        this.changes = new SerialExecutor(loadPool);
    }

    /**
     * Registers a version, without loading it.
     *
     * @return fails with {@code ALREADY_EXISTS}, or {@code INVALID_MODEL} if its engine or handler is unknown
     */
    public CompletionStage<ModelVersion> add(ModelSpec spec) {
        return change(spec.id().name(), () -> {
            loader.check(spec);
            ModelVersion version = new ModelVersion(spec.withInstances(new InstanceSpec(0, 0)));
            registry.add(version);
            LOG.info("Registered model {} from {}", spec.id(), spec.location());
            return version;
        });
    }

    /**
     * Runs as many instances as {@code wanted} says, loading the weights for the first and freeing them after the last.
     *
     * @return completes when all of them are ready; on failure the instances there were go on, and a version that had none
     *     is Failed
     */
    public CompletionStage<ModelVersion> scale(ModelId id, InstanceSpec wanted) {
        return change(id.name(), () -> {
            ModelVersion version = registry.find(ModelRef.of(id.name(), id.version()));
            int running = version.instances().size();
            int count = wanted.target(running);
            version.spec(version.spec().withInstances(wanted));
            if (version.state() instanceof ModelState.Ready ready) {
                resize(version, ready, running, count);
            } else if (count > 0) {
                load(version, count);
            }
            return version;
        });
    }

    private void resize(ModelVersion version, ModelState.Ready ready, int running, int count) {
        if (count == 0) {
            version.state(drain(version, ready).parked());
            return;
        }
        BatchingScheduler scheduler = ready.running().scheduler();
        try {
            await(scheduler.resize(count), version.spec());
        } catch (ServingException e) {
            awaitQuietly(scheduler.resize(running), version.spec());
            throw e;
        }
    }

    /** Makes a version the one that answers when callers name none. */
    public CompletionStage<Void> setDefault(ModelId id) {
        return change(id.name(), () -> {
            registry.setDefault(id);
            return null;
        });
    }

    /**
     * Takes a version out: no new requests, those it has are answered, then its memory is freed.
     *
     * @return fails with {@code FAILED_PRECONDITION} for the default version while there are others
     */
    public CompletionStage<Void> remove(ModelId id) {
        return change(id.name(), () -> {
            ModelVersion version = registry.find(ModelRef.of(id.name(), id.version()));
            registry.remove(id);
            unload(version);
            LOG.info("Unregistered model {}", id);
            return null;
        });
    }

    /** Takes every version out, whatever is the default; for the end of the process. */
    public CompletionStage<Void> removeAll() {
        List<CompletableFuture<Void>> removals = registry.models().values().stream()
                .flatMap(versions -> versions.byVersion().values().stream())
                .map(version -> this.<Void>change(version.id().name(), () -> {
                            unload(version);
                            return null;
                        })
                        .toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new))
                .minimalCompletionStage();
    }

    private <T> CompletionStage<T> change(String name, Supplier<T> task) {
        return changes.submit(name, task).minimalCompletionStage();
    }

    private void load(ModelVersion version, int instances) {
        ModelSpec spec = version.spec();
        ModelState.Loading loading =
                version.state() instanceof ModelState.Failed failed ? failed.retry() : new ModelState.Wanted().load();
        version.state(loading);
        long startNanos = ticker.nanos();
        try {
            version.state(loading.ready(start(spec, instances)));
        } catch (RuntimeException | Error e) {
            LOG.error("Loading model {} failed", spec.id(), e);
            ServingException reason = asLoadFailure(spec, e);
            version.state(loading.failed(reason));
            throw reason;
        }
        LOG.info(
                "Model {} is ready: {} instances, {} ms",
                spec.id(),
                instances,
                TimeUnit.NANOSECONDS.toMillis(ticker.nanos() - startNanos));
    }

    private RunningModel start(ModelSpec spec, int instances) {
        LoadedModel model = loader.load(spec);
        BatchingScheduler scheduler = new BatchingScheduler(
                spec.id(),
                model,
                new SizeOrDelayPolicy(spec.batching()),
                spec.limits().queueCapacity(),
                observer,
                ticker,
                clock);
        try {
            await(scheduler.resize(instances), spec);
        } catch (RuntimeException e) {
            awaitQuietly(scheduler.resize(0), spec);
            model.close();
            throw e;
        }
        return new RunningModel(spec.id(), model, scheduler, new LeaseCounter());
    }

    private void unload(ModelVersion version) {
        ModelState state = version.state();
        if (state instanceof ModelState.Ready ready) {
            version.state(drain(version, ready).unloaded());
        } else if (state instanceof ModelState.Failed failed) {
            version.state(failed.unloaded());
        } else if (state instanceof ModelState.Wanted wanted) {
            version.state(wanted.unloaded());
        }
    }

    /** Ends what runs and frees its memory; the state is Draining until this returns. */
    private ModelState.Draining drain(ModelVersion version, ModelState.Ready ready) {
        ModelState.Draining draining = ready.drain();
        version.state(draining);
        RunningModel running = draining.running();
        CompletionStage<Void> drained = running.leases().close();
        if (!awaitQuietly(drained, drainTimeout)) {
            LOG.warn("Model {} still had requests after {}; those that wait are refused", version.id(), drainTimeout);
            running.scheduler()
                    .evict(new ServingException(
                            ErrorCode.MODEL_UNAVAILABLE,
                            "Model \"" + version.id().name() + "\" was unloaded"));
        }
        awaitQuietly(running.scheduler().resize(0), version.spec());
        running.model().close();
        return draining;
    }

    private static ServingException asLoadFailure(ModelSpec spec, Throwable e) {
        return e instanceof ServingException serving
                ? serving
                : new ServingException(
                        ErrorCode.LOAD_FAILED, "Model " + spec.id().name() + " could not be loaded", e);
    }

    private static void await(CompletionStage<Void> stage, ModelSpec spec) {
        try {
            stage.toCompletableFuture().get(spec.limits().startupTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ServingException serving ? serving : asLoadFailure(spec, e);
        } catch (TimeoutException e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "Model " + spec.id().name() + " was not ready after "
                            + spec.limits().startupTimeout().toSeconds() + " s (startupTimeout)",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping", e);
        }
    }

    private void awaitQuietly(CompletionStage<Void> stage, ModelSpec spec) {
        if (!awaitQuietly(stage, drainTimeout)) {
            LOG.warn("Instances of model {} did not end within {}", spec.id(), drainTimeout);
        }
    }

    private static boolean awaitQuietly(CompletionStage<Void> stage, Duration timeout) {
        try {
            stage.toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
