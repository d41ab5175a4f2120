// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance and the thread it is confined to: make it, warm it up, then take a batch, run it, hand out the answers, again
 * and again until told to stop. A failure of the engine fails its batch and nothing else: once ready, only {@link #stop} ends
 * the thread.
 *
 * <p><b>Ownership:</b> makes and closes its {@link ModelInstance}; {@link #ready} fails after that, never before.
 */
final class InstanceThread implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceThread.class);

    private final ModelId id;
    private final int number;
    private final LoadedModel model;
    private final RequestQueue queue;
    private final BatchPolicy policy;
    private final SchedulingObserver observer;
    private final Ticker ticker;
    private final Instant startedAt;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Written by the thread that resizes the pool; read by this one between batches. */
    private volatile boolean stopping;

    InstanceThread(
            ModelId id,
            int number,
            LoadedModel model,
            RequestQueue queue,
            BatchPolicy policy,
            SchedulingObserver observer,
            Ticker ticker,
            Instant startedAt) {
        this.id = id;
        this.number = number;
        this.model = model;
        this.queue = queue;
        this.policy = policy;
        this.observer = observer;
        this.ticker = ticker;
        this.startedAt = startedAt;
    }

    void start() {
        // The name TorchServe's worker threads have in logs, with our instance number where it has a port.
        Thread thread = new Thread(this, "W-" + number + "-" + id.name() + "_" + id.version());
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            // The machine gives out no more threads.
            ready.completeExceptionally(asLoadFailure(e));
            ended.complete(null);
        }
    }

    /** Asks the thread to end after the batch it runs now, if any. */
    void stop() {
        stopping = true;
        queue.wakeTakers();
    }

    /** Completes when the instance takes batches, or fails with why it never will. */
    CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    /** Completes when the instance has been closed. */
    CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    InstanceStatus status() {
        return new InstanceStatus(number, startedAt, ready.isDone() && !ready.isCompletedExceptionally() && !stopping);
    }

    @Override
    public void run() {
        try (ModelInstance instance = model.newInstance()) {
            if (!stopping) {
                instance.warmUp();
                ready.complete(null);
                serve(instance);
            }
        } catch (RuntimeException | Error e) {
            LOG.error("Instance {} of {} ended", number, id, e);
            ready.completeExceptionally(asLoadFailure(e));
        } finally {
            if (!ready.isDone()) {
                ready.completeExceptionally(
                        new ServingException(ErrorCode.LOAD_FAILED, "The instance was stopped before it was ready"));
            }
            ended.complete(null);
        }
    }

    private static ServingException asLoadFailure(Throwable e) {
        return e instanceof ServingException serving
                ? serving
                : new ServingException(ErrorCode.LOAD_FAILED, "The instance could not be started", e);
    }

    private void serve(ModelInstance instance) {
        while (!stopping) {
            try {
                List<PendingRequest> batch = queue.takeBatch(policy, () -> !stopping);
                if (!batch.isEmpty()) {
                    execute(instance, batch);
                }
            } catch (InterruptedException e) {
                // Instances are stopped by stop() alone: this is left over from code a batch ran, and dropped here.
                LOG.warn("Instance {} of {} was interrupted and goes on", number, id);
            } catch (RuntimeException | Error e) {
                // An instance that died now would leave requests waiting for nobody.
                LOG.error("Instance {} of {} goes on after a fault between batches", number, id, e);
            }
        }
    }

    private void execute(ModelInstance instance, List<PendingRequest> members) {
        long startNanos = ticker.nanos();
        List<Outcome> outcomes;
        try {
            List<InferenceRequest> requests =
                    members.stream().map(PendingRequest::request).toList();
            outcomes = Objects.requireNonNull(instance.execute(new Batch(id, requests)), "outcomes");
        } catch (Throwable e) {
            // Whatever user code and native code throw, the batch is answered and the instance goes on.
            LOG.error("A batch of {} for {} failed", members.size(), id, e);
            failAll(members, asEngineFailure(e));
            return;
        }
        tellObserver(members.size(), startNanos - members.get(0).submittedNanos(), ticker.nanos() - startNanos);
        scatter(members, outcomes);
    }

    private void tellObserver(int size, long queueNanos, long computeNanos) {
        try {
            observer.batchExecuted(id, size, queueNanos, computeNanos);
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on a batch of {}", id, e);
        }
    }

    private static ServingException asEngineFailure(Throwable e) {
        if (e instanceof ServingException serving) {
            return serving;
        }
        if (e instanceof OutOfMemoryError) {
            return ServingException.from(e);
        }
        return new ServingException(ErrorCode.ENGINE_FAILED, "Prediction failed", e);
    }

    private void scatter(List<PendingRequest> members, List<Outcome> outcomes) {
        if (outcomes.size() != members.size()) {
            LOG.error("{} answered {} requests of a batch of {}", id, outcomes.size(), members.size());
            failAll(members, new ServingException(ErrorCode.ENGINE_FAILED, "number of batch response mismatched"));
            outcomes.forEach(InstanceThread::discard);
            return;
        }
        for (int i = 0; i < outcomes.size(); i++) {
            end(members.get(i), outcomes.get(i));
        }
    }

    private static void end(PendingRequest member, @Nullable Outcome outcome) {
        if (outcome instanceof Outcome.Success success) {
            member.complete(success.response());
        } else if (outcome instanceof Outcome.Failure failure) {
            member.fail(failure.cause());
        } else {
            member.fail(new ServingException(ErrorCode.ENGINE_FAILED, "Prediction failed: no outcome"));
        }
    }

    private static void failAll(List<PendingRequest> members, ServingException failure) {
        members.forEach(member -> member.fail(failure));
    }

    private static void discard(Outcome outcome) {
        if (outcome instanceof Outcome.Success success) {
            success.response().release();
        }
    }
}
