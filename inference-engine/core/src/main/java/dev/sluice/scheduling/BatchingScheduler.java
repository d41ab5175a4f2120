// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.LoadedModel;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The queue of one model version and the instances that empty it.
 *
 * <p><b>Threads:</b> {@link #submit} and the status methods are safe from any thread. {@link #resize} is called by one
 * thread at a time, which the lifecycle sees to.
 *
 * <p><b>Ownership:</b> owns its instances; the loaded model stays the caller's, who closes it after {@code resize(0)} has
 * completed.
 */
public final class BatchingScheduler implements RequestScheduler {
    private final ModelId id;
    private final LoadedModel model;
    private final BatchPolicy policy;
    private final SchedulingObserver observer;
    private final Ticker ticker;
    private final InstantSource clock;
    private final RequestQueue queue;

    /** Guarded by itself; oldest first. */
    private final List<InstanceThread> instances = new ArrayList<>();

    /** Guarded by {@link #instances}: those told to stop that are still in a call of the model. */
    private final Set<InstanceThread> leaving = new HashSet<>();

    /** Guarded by {@link #instances}. */
    private int lastNumber;

    /**
     * A scheduler without instances: requests wait until {@link #resize} starts some.
     *
     * @param queueCapacity most requests waiting
     * @param clock tells when instances started
     */
    public BatchingScheduler(
            ModelId id,
            LoadedModel model,
            BatchPolicy policy,
            int queueCapacity,
            SchedulingObserver observer,
            Ticker ticker,
            InstantSource clock) {
        this.id = id;
        this.model = model;
        this.policy = policy;
        this.observer = observer;
        this.ticker = ticker;
        this.clock = clock;
        this.queue = new RequestQueue(queueCapacity, ticker);
    }

    @Override
    public void submit(InferenceRequest request, ResponseSink sink) {
        queue.add(new PendingRequest(request, sink, ticker.nanos()));
    }

    @Override
    public QueueStatus queue() {
        return queue.status();
    }

    /**
     * Starts or stops instances until there are {@code count}; the newest stop first, each after the batch it runs.
     *
     * @return completes when the started ones are ready and the stopped ones are closed, for a count of 0 also those that
     *     earlier calls stopped; fails, then too, with the reason one that was started is not ready, after removing it:
     *     it could not, or a later call stopped it first
     */
    public CompletionStage<Void> resize(int count) {
        List<CompletableFuture<Void>> pending = new ArrayList<>();
        synchronized (instances) {
            if (count == 0) {
                leaving.forEach(instance -> pending.add(instance.ended().toCompletableFuture()));
            }
            // Counted first: one that fails at once leaves the list again, and is not to be tried for ever.
            int missing = count - instances.size();
            for (int i = 0; i < missing; i++) {
                pending.add(startOne());
            }
            while (instances.size() > count) {
                pending.add(stopOne(instances.remove(instances.size() - 1)));
            }
        }
        return CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new))
                .minimalCompletionStage();
    }

    private CompletableFuture<Void> startOne() {
        lastNumber++;
        InstanceThread instance =
                new InstanceThread(id, lastNumber, model, queue, policy, observer, ticker, clock.instant());
        instances.add(instance);
        instance.start();
        return instance.ready().toCompletableFuture().whenComplete((ready, failure) -> {
            if (failure != null) {
                synchronized (instances) {
                    instances.remove(instance);
                }
            }
        });
    }

    private CompletableFuture<Void> stopOne(InstanceThread instance) {
        leaving.add(instance);
        instance.stop();
        return instance.ended().toCompletableFuture().whenComplete((ended, failure) -> {
            synchronized (instances) {
                leaving.remove(instance);
            }
        });
    }

    /** Ends every waiting request with {@code reason}, and refuses later ones with it; running batches finish. */
    public void evict(ServingException reason) {
        queue.close(reason).forEach(request -> request.fail(reason));
    }

    /** The instances there are, oldest first. */
    public List<InstanceStatus> instances() {
        synchronized (instances) {
            return instances.stream().map(InstanceThread::status).toList();
        }
    }
}
