// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.BatchPolicy;
import dev.sluice.scheduling.BatchingScheduler;
import dev.sluice.scheduling.SchedulerSettings;
import dev.sluice.scheduling.SchedulingObserver;
import dev.sluice.scheduling.SchedulingThreads;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the weights and instances of versions into memory, and out again.
 *
 * <p><b>Threads:</b> called on load threads, which it blocks; for one version by one thread at a time.
 *
 * <p><b>Ownership:</b> weights are freed when the last instance has left its last call, and not before, however long that
 * takes: a call that never returns keeps its memory, since freeing it would take the process down.
 */
final class ModelRunner {
    private static final Logger LOG = LoggerFactory.getLogger(ModelRunner.class);

    private final ModelLoader loader;
    private final SchedulingObserver observer;
    private final Ticker ticker;
    private final SchedulingThreads threads;
    private final InstantSource clock;
    private final Duration drainTimeout;

    ModelRunner(
            ModelLoader loader,
            SchedulingObserver observer,
            Ticker ticker,
            InstantSource clock,
            Duration drainTimeout) {
        this.loader = loader;
        this.observer = observer;
        this.ticker = ticker;
        this.threads = new SchedulingThreads(ticker);
        this.clock = clock;
        this.drainTimeout = drainTimeout;
    }

    /** Loads the weights, waits until {@code instances} are ready, and has them tested; on failure nothing is left behind. */
    RunningModel start(ModelSpec spec, int instances) {
        SelfTest test = new SelfTest(spec, ticker);
        LoadedModel model = loader.load(spec);
        BatchingScheduler scheduler = scheduler(spec, model);
        try {
            awaitReady(scheduler.resize(instances), spec, scheduler.startRounds(instances));
            test.run(loader.samples(spec), scheduler);
        } catch (RuntimeException | Error e) {
            free(spec.id(), model, scheduler, drainTimeout);
            throw e;
        }
        return new RunningModel(spec.id(), model, scheduler, new LeaseCounter());
    }

    /** The scheduler of {@code model}, which is closed if there cannot be one. */
    private BatchingScheduler scheduler(ModelSpec spec, LoadedModel model) {
        try {
            return new BatchingScheduler(
                    spec.id(),
                    model,
                    BatchPolicy.of(spec.batching()),
                    SchedulerSettings.of(spec),
                    observer,
                    threads,
                    clock);
        } catch (RuntimeException | Error e) {
            Void unused = close(spec.id(), model);
            throw e;
        }
    }

    /**
     * Changes the number of instances from {@code before}, as many as were asked for, whether or not they are there, to {@code count},
     * 1 or more; on failure {@code before} go on.
     */
    void resize(BatchingScheduler scheduler, ModelSpec spec, int before, int count) {
        if (count <= before) {
            if (!completes(scheduler.resize(count), drainTimeout)) {
                LOG.warn(
                        "Instances of model {} are still busy {} after they were told to stop",
                        spec.id(),
                        drainTimeout);
            }
            return;
        }
        try {
            awaitReady(scheduler.resize(count), spec, scheduler.startRounds(count - before));
        } catch (ServingException e) {
            // Not waited for: one that hangs while it starts would hold up every later change of this model.
            CompletionStage<Void> unused = scheduler.resize(before);
            throw e;
        }
    }

    /** Lets requests finish while there is time, refuses those that still wait then, and frees the memory. */
    void stop(RunningModel running) {
        ModelId id = running.id();
        boolean inTime = completes(running.leases().close(), drainTimeout);
        if (!inTime) {
            LOG.warn("Model {} still had requests after {}; those that wait are refused", id, drainTimeout);
        }
        try {
            // Closes the queue for good, too: a lease that is still out may not have queued its request yet.
            running.scheduler()
                    .evict(new ServingException(
                            ErrorCode.MODEL_UNAVAILABLE, "Model \"" + id.name() + "\" was unloaded"));
        } finally {
            free(id, running.model(), running.scheduler(), inTime ? drainTimeout : Duration.ZERO);
        }
    }

    /** Stops the instances, has the weights freed after the last of them, on whichever thread that is, and waits a while for it. */
    private static void free(ModelId id, LoadedModel model, BatchingScheduler scheduler, Duration patience) {
        CompletionStage<Void> freed = scheduler.resize(0).handle((ended, failure) -> close(id, model));
        if (!completes(freed, patience)) {
            LOG.warn("Model {} still has a call running; its memory stays until that returns", id);
        }
    }

    private static @Nullable Void close(ModelId id, LoadedModel model) {
        try {
            model.close();
        } catch (RuntimeException | Error e) {
            LOG.error("Closing model {} failed; its memory may not have been freed", id, e);
        }
        return null;
    }

    /** @param rounds of starts there are, each of which has the startup timeout */
    private static void awaitReady(CompletionStage<Void> stage, ModelSpec spec, int rounds) {
        Duration timeout = spec.limits().startupTimeout().multipliedBy(rounds);
        try {
            stage.toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw ServingException.from(e);
        } catch (TimeoutException e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "Model " + spec.id().name() + " was not ready after " + timeout.toSeconds() + " s (startupTimeout"
                            + (rounds == 1 ? ")" : ", for each of " + rounds + " rounds of starts)"),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping", e);
        }
    }

    private static boolean completes(CompletionStage<Void> stage, Duration timeout) {
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
