// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.engine.ModelLoader;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.LifecycleObserver.Moment;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.SchedulingObserver;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves versions between their states: adds, loads, scales, drains and removes them.
 *
 * <p><b>Threads:</b> callable from any thread, and returns at once. The work runs on the load pool, where it may block; changes
 * to one model name run one after another, so each version has one writer at a time.
 *
 * <p><b>Errors:</b> every stage fails with a {@link ServingException} only, {@code SHUTTING_DOWN} after {@link #removeAll}.
 */
public final class ModelLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ModelLifecycle.class);
    private static final String STOPPING = "The server is stopping";

    private final ModelRegistry registry;
    private final ModelLoader loader;
    private final ModelRunner runner;
    private final Ticker ticker;
    private final SerialExecutor changes;
    private final MemoryWatch memory;

    /** Written by whoever calls {@link #removeAll}, read by changes. */
    private volatile boolean ending;

    /** A lifecycle without versions, that does not measure memory. */
    public ModelLifecycle(
            ModelRegistry registry,
            ModelLoader loader,
            SchedulingObserver observer,
            Ticker ticker,
            InstantSource clock,
            Executor loadPool,
            Duration drainTimeout) {
        this(registry, loader, observer, ticker, clock, loadPool, drainTimeout, MemoryWatch.NONE);
    }

    /**
     * A lifecycle without versions.
     *
     * @param loadPool runs the changes; as many threads as models may load side by side
     * @param drainTimeout how long a version that is going away may finish its requests; those still waiting then are refused
     * @param memory measures around loads and unloads
     */
    public ModelLifecycle(
            ModelRegistry registry,
            ModelLoader loader,
            SchedulingObserver observer,
            Ticker ticker,
            InstantSource clock,
            Executor loadPool,
            Duration drainTimeout,
            MemoryWatch memory) {
        this.registry = registry;
        this.loader = loader;
        this.runner = new ModelRunner(loader, observer, ticker, clock, drainTimeout);
        this.ticker = ticker;
        this.changes = new SerialExecutor(loadPool);
        this.memory = memory;
    }

    /**
     * Registers a version, without loading it.
     *
     * @return fails with {@code ALREADY_EXISTS}, or {@code INVALID_MODEL} if its engine or handler is unknown
     */
    public CompletionStage<ModelVersion> add(ModelSpec spec) {
        return change(spec.id().name(), () -> addNow(spec));
    }

    /**
     * What {@link #add(ModelSpec, boolean)} leads to.
     *
     * @param added completes once the version is known
     * @param running completes when its instances run; fails with why they do not, or with why {@code added} failed
     */
    public record Addition(CompletionStage<ModelVersion> added, CompletionStage<ModelVersion> running) {}

    /**
     * Registers a version and runs as many instances as its spec says, with no other change of that model in between.
     *
     * @param keepIfFailed whether a version whose instances do not start stays, as Failed; else it is gone before {@link
     *     Addition#running} fails
     */
    public Addition add(ModelSpec spec, boolean keepIfFailed) {
        CompletableFuture<ModelVersion> added = new CompletableFuture<>();
        CompletionStage<ModelVersion> running = change(spec.id().name(), () -> {
            ModelVersion version = addNow(spec);
            added.complete(version);
            return started(version, spec, keepIfFailed);
        });
        return new Addition(added.minimalCompletionStage(), running.whenComplete((version, failure) -> {
            if (failure != null) {
                added.completeExceptionally(failure);
            }
        }));
    }

    private ModelVersion started(ModelVersion version, ModelSpec spec, boolean keepIfFailed) {
        try {
            return scaleNow(version, spec.instances());
        } catch (RuntimeException | Error e) {
            if (!keepIfFailed) {
                removeEvenNow(version);
            }
            throw e;
        }
    }

    /**
     * Registers a version that cannot be loaded, for operators to see why.
     *
     * @return fails with {@code ALREADY_EXISTS}
     */
    public CompletionStage<ModelVersion> addFailed(ModelSpec spec, ServingException reason) {
        return change(spec.id().name(), () -> {
            requireNotEnding();
            ModelVersion version = new ModelVersion(spec);
            version.state(new ModelState.Wanted().load().failed(reason));
            registry.add(version);
            registry.settleDefault(spec.id().name());
            return version;
        });
    }

    /** {@link #add(ModelSpec)}, within a change of that model. */
    ModelVersion addNow(ModelSpec spec) {
        loader.check(spec);
        requireNotEnding();
        ModelVersion version = new ModelVersion(spec.withInstances(new InstanceSpec(0, 0)));
        registry.add(version);
        LOG.info("Registered model {} from {}", spec.id(), spec.location());
        return version;
    }

    /**
     * Runs as many instances as {@code wanted} says, loading the weights for the first and freeing them after the last. The
     * version's spec says {@code wanted} from then on, whether or not it worked.
     *
     * @return completes when all of them are ready; on failure the instances there were go on, and a version that had none
     *     is Failed
     */
    public CompletionStage<ModelVersion> scale(ModelId id, InstanceSpec wanted) {
        return change(id.name(), () -> scaleNow(registry.find(ModelRef.of(id.name(), id.version())), wanted));
    }

    /** {@link #scale}, within a change of that model. */
    ModelVersion scaleNow(ModelVersion version, InstanceSpec wanted) {
        int running = version.instanceCount();
        int count = wanted.target(running);
        version.spec(version.spec().withInstances(wanted));
        if (version.state() instanceof ModelState.Ready ready) {
            resize(version, ready, running, count);
        } else if (count > 0) {
            try {
                load(version, count);
            } finally {
                registry.settleDefault(version.id().name());
            }
        }
        return version;
    }

    private void resize(ModelVersion version, ModelState.Ready ready, int running, int count) {
        if (count == 0) {
            version.instanceCount(0);
            version.state(drain(version, ready).parked());
            return;
        }
        runner.resize(ready.running().scheduler(), version.spec(), running, count);
        version.instanceCount(count);
    }

    /** Makes a version the one that answers when callers name none. */
    public CompletionStage<Void> setDefault(ModelId id) {
        return change(id.name(), () -> {
            registry.setDefault(id);
            return null;
        });
    }

    /**
     * Gives labels to versions of {@code model}; those not in {@code labels} are nobody's from then on. All or nothing, and
     * at once for requests.
     *
     * @param labels from label to version
     * @param allowUnavailable whether a label that is new or stays where it is may stand for a version that is not ready, or
     *     not there; one that moves must find its version ready, since requests move with it
     * @return fails with {@code MODEL_NOT_FOUND}, or with {@code FAILED_PRECONDITION} naming the first such version
     */
    public CompletionStage<Void> setLabels(String model, Map<String, String> labels, boolean allowUnavailable) {
        Map<String, String> wanted = Map.copyOf(labels);
        return change(model, () -> {
            LabelRule.check(model, registry.versionsOf(model), wanted, allowUnavailable);
            registry.setLabels(model, wanted);
            return null;
        });
    }

    /** Gives one label to {@code id}, as {@link #setLabels} would, and leaves the others. */
    public CompletionStage<Void> setLabel(ModelId id, String label, boolean allowUnavailable) {
        return change(id.name(), () -> {
            setLabelNow(id, label, allowUnavailable);
            return null;
        });
    }

    /** {@link #setLabel}, within a change of that model. */
    void setLabelNow(ModelId id, String label, boolean allowUnavailable) {
        ModelVersions versions = registry.versionsOf(id.name());
        Map<String, String> wanted = new TreeMap<>(versions.labels());
        LabelRule.check(id.name(), versions, Map.of(label, id.version()), allowUnavailable);
        wanted.put(label, id.version());
        registry.setLabels(id.name(), wanted);
    }

    /**
     * Takes a version out: no new requests, those it has are answered, then its memory is freed.
     *
     * @return what was removed; fails with {@code FAILED_PRECONDITION} for the default version while there are others, unless
     *     loading it failed
     */
    public CompletionStage<ModelVersion> remove(ModelId id) {
        return change(id.name(), () -> {
            ModelVersion version = registry.find(ModelRef.of(id.name(), id.version()));
            removeNow(version);
            return version;
        });
    }

    /**
     * Takes out this very version, and not one that was registered under its name since.
     *
     * @return fails as {@link #remove(ModelId)} does, and with {@code VERSION_NOT_FOUND} if it is gone already
     */
    public CompletionStage<Void> remove(ModelVersion version) {
        ModelId id = version.id();
        return change(id.name(), () -> {
            if (registry.find(ModelRef.of(id.name(), id.version())) != version) {
                throw new ServingException(
                        ErrorCode.VERSION_NOT_FOUND,
                        "Model version: " + id.version() + " of model: " + id.name() + " was replaced meanwhile");
            }
            removeNow(version);
            return null;
        });
    }

    private void removeNow(ModelVersion version) {
        registry.remove(version.id());
        unloadRemoved(version);
    }

    /** As {@link #remove}, within a change of that model, but also for a default version: the highest ready one becomes it. */
    void removeEvenNow(ModelVersion version) {
        registry.removeEven(version.id());
        unloadRemoved(version);
    }

    private void unloadRemoved(ModelVersion version) {
        unload(version);
        LOG.info("Unregistered model {}", version.id());
    }

    /**
     * Unloads every version, whatever is the default, and refuses all changes from now on: for the end of the process. The
     * versions stay registered, as Unloaded, so that late requests are told why.
     *
     * @return completes when all are unloaded, or the drain timeout has passed for those that are not
     */
    public CompletionStage<Void> removeAll() {
        ending = true;
        List<CompletableFuture<Void>> removals = registry.models().values().stream()
                .flatMap(versions -> versions.byVersion().values().stream())
                .map(version -> this.<Void>submit(version.id().name(), () -> {
                    unload(version);
                    return null;
                }))
                .toList();
        return CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new))
                .minimalCompletionStage();
    }

    /** Runs {@code task} on the load pool, after the changes of that model that were asked for before. */
    <T> CompletionStage<T> change(String name, Supplier<T> task) {
        return submit(name, () -> {
                    requireNotEnding();
                    return task.get();
                })
                .minimalCompletionStage();
    }

    private void requireNotEnding() {
        if (ending) {
            throw new ServingException(ErrorCode.SHUTTING_DOWN, STOPPING);
        }
    }

    private <T> CompletableFuture<T> submit(String name, Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<T> unused = changes.submit(name, task).whenComplete((value, failure) -> {
            if (failure == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(asServingException(failure));
            }
        });
        return result;
    }

    private static ServingException asServingException(Throwable failure) {
        boolean rejected = failure instanceof CompletionException wrapper
                && wrapper.getCause() instanceof RejectedExecutionException;
        return rejected
                ? new ServingException(ErrorCode.SHUTTING_DOWN, STOPPING, failure)
                : ServingException.from(failure);
    }

    private void load(ModelVersion version, int instances) {
        // Registered first, asked second: the end finds it among those to unload, or is seen here.
        requireNotEnding();
        ModelSpec spec = version.spec();
        ModelState.Loading loading = loading(version);
        version.state(loading);
        long startNanos = ticker.nanos();
        OptionalLong before;
        try {
            before = memory.measure(spec.id(), Moment.BEFORE_LOAD);
            version.state(loading.ready(runner.start(spec, instances)));
            version.instanceCount(instances);
        } catch (RuntimeException | Error e) {
            ServingException reason = asLoadFailure(spec, e);
            version.state(loading.failed(reason));
            LOG.error("Loading model {} failed", spec.id(), e);
            memory.loaded(spec.id(), false, ticker.nanos() - startNanos);
            OptionalLong unused = memory.measureTrimmed(spec.id(), Moment.AFTER_UNLOAD);
            throw reason;
        }
        memory.loaded(spec.id(), true, ticker.nanos() - startNanos);
        OptionalLong after = memory.measure(spec.id(), Moment.AFTER_LOAD);
        LOG.info(
                "Model {} is ready: {} instances, {} ms; the process had {} before and {} after",
                spec.id(),
                instances,
                TimeUnit.NANOSECONDS.toMillis(ticker.nanos() - startNanos),
                MemoryWatch.words(before),
                MemoryWatch.words(after));
    }

    private static ModelState.Loading loading(ModelVersion version) {
        if (version.state() instanceof ModelState.Wanted wanted) {
            return wanted.load();
        }
        if (version.state() instanceof ModelState.Failed failed) {
            return failed.retry();
        }
        throw new ServingException(
                ErrorCode.FAILED_PRECONDITION,
                "Model " + version.id().name() + " cannot be loaded: it is "
                        + version.state().kind());
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
        OptionalLong before = memory.measure(version.id(), Moment.BEFORE_UNLOAD);
        try {
            runner.stop(draining.running());
        } catch (RuntimeException | Error e) {
            // It is gone for its callers, and must not stay Draining for ever.
            LOG.error("Stopping model {} failed", version.id(), e);
        }
        OptionalLong after = memory.measureTrimmed(version.id(), Moment.AFTER_UNLOAD);
        LOG.info(
                "Model {} is unloaded; the process had {} before and {} after",
                version.id(),
                MemoryWatch.words(before),
                MemoryWatch.words(after));
        return draining;
    }

    private static ServingException asLoadFailure(ModelSpec spec, Throwable e) {
        return e instanceof ServingException serving
                ? serving
                : new ServingException(
                        ErrorCode.LOAD_FAILED, "Model " + spec.id().name() + " could not be loaded", e);
    }
}
