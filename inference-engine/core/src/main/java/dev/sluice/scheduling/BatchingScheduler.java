// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.LoadedModel;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
    private final Admission admission;

    /** The queue of all instances; null if each has its own. */
    private final @Nullable RequestQueue queue;

    /** The queues of the instances; null if they have one together. */
    private final @Nullable Homes homes;

    private final InstancePool instances;
    private final Optional<Sequences> sequences;

    /**
     * A scheduler without instances: requests wait until {@link #resize} starts some.
     *
     * @param threads the process's own
     * @param clock tells when instances started
     */
    public BatchingScheduler(
            ModelId id,
            LoadedModel model,
            BatchPolicy policy,
            SchedulerSettings settings,
            SchedulingObserver observer,
            SchedulingThreads threads,
            InstantSource clock) {
        ServiceTimes times = new ServiceTimes();
        QueueBounds full = QueueBounds.ofRequests(settings.queueCapacity(), policy.maxRows(), settings.queueBytes());
        QueueBounds bounds =
                new QueueBounds(full.requests(), settings.queueRows().orElse(full.rows()), full.bytes());
        Ticker ticker = threads.ticker();
        RequestQueue.Settings queueing = new RequestQueue.Settings(
                id.name(),
                bounds,
                settings.priorities(),
                settings.sizes(),
                settings.splits(),
                settings.queueTimeout().map(Duration::toNanos).orElse(RequestQueue.ANY_TIME),
                settings.onlyIfIdle());
        CallerRuns callers = CallerRuns.of(model);
        Function<Admission, RequestQueue> newQueue = counted -> new RequestQueue(
                queueing, policy, times, threads.timers(), ticker, () -> observer.answeredTwice(id), callers, counted);
        this.admission = new Admission(bounds);
        if (model.keepsSequencesByInstance() && settings.sequences().isPresent()) {
            Sequences lodged = Sequences.at(
                    onLoss -> new Homes(id.name(), () -> newQueue.apply(new Admission(bounds, admission)), onLoss),
                    id.name(),
                    settings.sequences().get(),
                    threads,
                    model::forget);
            this.sequences = Optional.of(lodged);
            this.homes = lodged.homes();
            this.queue = null;
        } else {
            RequestQueue one = newQueue.apply(admission);
            this.sequences =
                    settings.sequences().map(limits -> new Sequences(id.name(), limits, one, threads, model::forget));
            this.homes = null;
            this.queue = one;
        }
        long limitNanos = settings.responseTimeout().map(Duration::toNanos).orElse(BatchRunner.UNLIMITED);
        BatchRunner runner = new BatchRunner(id, policy, times, observer, ticker, threads.timers(), limitNanos);
        Queues queues = homes == null ? Objects.requireNonNull(queue) : homes;
        this.instances = new InstancePool(id, model, queues, runner, observer, threads, clock);
    }

    /**
     * A scheduler with threads of its own, one level, and no limit on bytes and on the time of calls.
     *
     * @param queueCapacity most requests waiting
     */
    public BatchingScheduler(
            ModelId id,
            LoadedModel model,
            BatchPolicy policy,
            int queueCapacity,
            SchedulingObserver observer,
            Ticker ticker,
            InstantSource clock) {
        this(
                id,
                model,
                policy,
                new SchedulerSettings(queueCapacity, LimitSpec.ANY_BYTES, Optional.empty(), PrioritySpec.NONE),
                observer,
                new SchedulingThreads(ticker),
                clock);
    }

    @Override
    public void submit(InferenceRequest request, ResponseSink sink) {
        SequenceRef sequence = request.context().sequence().orElse(null);
        if (sequence != null && sequences.isPresent()) {
            sequences.get().submit(request, sink, sequence);
        } else if (queue != null) {
            queue.submit(request, sink);
        } else {
            Objects.requireNonNull(homes).submit(request, sink);
        }
    }

    @Override
    public QueueStatus queue() {
        return new QueueStatus(admission.requests(), admission.bounds().requests());
    }

    /**
     * Starts or stops instances until there are {@code count}; the newest stop first, each after the batch it runs.
     *
     * @return completes when the started ones are ready and the stopped ones are closed, for a count of 0 also those that
     *     earlier calls stopped or whose call took too long; fails, then too, with the reason one that was started is not ready,
     *     after removing it
     */
    public CompletionStage<Void> resize(int count) {
        return instances.resize(count);
    }

    /** How many times one after the other instances are made until {@code count} are, since only so many are made at once; 1 or more. */
    public int startRounds(int count) {
        return instances.startRounds(count);
    }

    /** Ends every waiting request with {@code reason}, and refuses later ones with it; running batches finish. */
    public void evict(ServingException reason) {
        sequences.ifPresent(all -> all.close(reason));
        if (queue != null) {
            queue.close(reason);
        } else {
            Objects.requireNonNull(homes).close(reason);
        }
    }

    /** The instances there are, oldest first. */
    public List<InstanceStatus> instances() {
        return instances.statuses();
    }
}
