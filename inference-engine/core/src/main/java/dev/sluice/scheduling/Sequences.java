// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.model.SequenceSpec;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open sequences of one model version, in front of its queue: of each sequence one request is in the queue or runs, and the others
 * wait here, in the order they came. Requests of different sequences share batches as any others do, the oldest first.
 *
 * <p><b>Threads:</b> safe from any thread; nothing here waits.
 */
final class Sequences {
    private static final Logger LOG = LoggerFactory.getLogger(Sequences.class);

    private final String model;
    private final SequenceSpec bounds;
    private final RequestQueue queue;
    private final SchedulingThreads threads;
    private final Consumer<String> forget;
    private final ConcurrentHashMap<String, Sequence> open = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** Written by who closes: why nothing is taken any more. */
    private volatile @Nullable ServingException closedBecause;

    /**
     * No sequences yet.
     *
     * @param model its name, for messages
     * @param forget told the id of each sequence that ends or starts anew, while none of its requests runs
     */
    Sequences(
            String model, SequenceSpec bounds, RequestQueue queue, SchedulingThreads threads, Consumer<String> forget) {
        this.model = model;
        this.bounds = bounds;
        this.queue = queue;
        this.threads = threads;
        this.forget = forget;
    }

    /**
     * Takes a request of {@code ref}, as {@link RequestScheduler#submit} does.
     *
     * @throws ServingException also {@code OVERLOADED} if too many sequences are open, or too many requests of this one wait
     */
    void submit(InferenceRequest request, ResponseSink sink, SequenceRef ref) {
        Sequence sequence = open(ref.id());
        while (!sequence.offer(request, sink, ref)) {
            // It has ended, and is being forgotten.
            Thread.onSpinWait();
            sequence = open(ref.id());
        }
    }

    private Sequence open(String id) {
        Sequence sequence = open.get(id);
        return sequence == null ? begin(id) : sequence;
    }

    private Sequence begin(String id) {
        int seen = count.get();
        while (!(seen < bounds.maxOpen() && count.compareAndSet(seen, seen + 1))) {
            if (seen >= bounds.maxOpen()) {
                throw ServingException.refusal(
                        ErrorCode.OVERLOADED,
                        "Model \"" + model + "\" has " + seen + " open sequences of at most " + bounds.maxOpen()
                                + "; no new one can start");
            }
            seen = count.get();
        }
        Sequence added = new Sequence(this, id);
        Sequence earlier = open.putIfAbsent(id, added);
        if (earlier != null) {
            count.decrementAndGet();
            return earlier;
        }
        return added;
    }

    /** A sequence has ended; nothing of it runs or waits. */
    void ended(Sequence sequence) {
        try {
            forget(sequence.id());
        } finally {
            open.remove(sequence.id(), sequence);
            count.decrementAndGet();
        }
    }

    /** Ends all that wait with {@code reason}, and refuses later ones with it. */
    void close(ServingException reason) {
        closedBecause = reason;
        open.values().forEach(sequence -> sequence.evict(reason));
    }

    @Nullable
    ServingException closedBecause() {
        return closedBecause;
    }

    SequenceSpec bounds() {
        return bounds;
    }

    SchedulingThreads threads() {
        return threads;
    }

    /** What was kept for {@code id} can go; no request of it runs. */
    void forget(String id) {
        try {
            forget.accept(id);
        } catch (RuntimeException | Error e) {
            LOG.error("Model {} could not forget a sequence", model, e);
        }
    }

    /** Lets one request of a sequence into the queue. */
    void enter(InferenceRequest request, ResponseSink sink, PendingRequest.Follower sequence) {
        queue.submit(request, sink, sequence);
    }

    /** @throws ServingException {@code OVERLOADED} if requests run at once or not at all */
    void checkMayWait(String id) {
        if (queue.takesOnlyIfIdle()) {
            throw ServingException.refusal(
                    ErrorCode.OVERLOADED,
                    "Sequence \"" + id + "\" of model \"" + model
                            + "\" has a request running, and the model takes a request only when it can run at once. Retry later.");
        }
    }

    ServingException tooMany(String id, int waiting) {
        return ServingException.refusal(
                ErrorCode.OVERLOADED,
                "Sequence \"" + id + "\" of model \"" + model + "\" has " + waiting
                        + " requests waiting, which is the most it may");
    }

    ServingException tooOld(String id) {
        return ServingException.refusal(
                ErrorCode.MODEL_UNAVAILABLE,
                "Sequence \"" + id + "\" of model \"" + model + "\" is older than "
                        + bounds.maxAge().toMillis() + " ms and takes nothing more");
    }

    /** Arms what ends a request that waits for its turn, as the queue does for those in it. */
    void watch(PendingRequest waiting) {
        if (waiting.untilNanos() != RequestContext.NO_DEADLINE) {
            threads.timers().schedule(waiting, waiting.untilNanos());
            if (!waiting.isQueued()) {
                threads.timers().cancel(waiting);
            }
        }
        waiting.request().context().cancellation().onCancel(waiting);
    }
}
