// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance and the thread it is confined to: make it, warm it up, then take a batch, run it, hand out the answers, again
 * and again until told to stop. A failure of the engine fails its batch and nothing else.
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
        thread.start();
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
            instance.warmUp();
            ready.complete(null);
            serve(instance);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.error("Instance {} of {} ended", number, id, e);
            ready.completeExceptionally(asLoadFailure(e));
        } finally {
            ended.complete(null);
        }
    }

    private static ServingException asLoadFailure(Throwable e) {
        return e instanceof ServingException serving
                ? serving
                : new ServingException(ErrorCode.LOAD_FAILED, "The instance could not be started", e);
    }

    private void serve(ModelInstance instance) throws InterruptedException {
        while (!stopping) {
            List<PendingRequest> batch = queue.takeBatch(policy, () -> !stopping);
            if (!batch.isEmpty()) {
                execute(instance, batch);
            }
        }
    }

    private void execute(ModelInstance instance, List<PendingRequest> members) {
        Batch batch =
                new Batch(id, members.stream().map(PendingRequest::request).toList());
        long startNanos = ticker.nanos();
        List<Outcome> outcomes;
        try {
            outcomes = instance.execute(batch);
        } catch (RuntimeException | Error e) {
            // Whatever user code and native code throw, the batch is answered and the instance goes on.
            LOG.error("A batch of {} for {} failed", members.size(), id, e);
            failAll(members, asEngineFailure(e));
            return;
        }
        observer.batchExecuted(
                id, members.size(), startNanos - members.get(0).submittedNanos(), ticker.nanos() - startNanos);
        scatter(members, outcomes);
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
            outcomes.forEach(InstanceThread::discard);
            failAll(members, new ServingException(ErrorCode.ENGINE_FAILED, "number of batch response mismatched"));
            return;
        }
        for (int i = 0; i < outcomes.size(); i++) {
            PendingRequest member = members.get(i);
            if (outcomes.get(i) instanceof Outcome.Success success) {
                member.complete(success.response());
            } else {
                member.fail(((Outcome.Failure) outcomes.get(i)).cause());
            }
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
