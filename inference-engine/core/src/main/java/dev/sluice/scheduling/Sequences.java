// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.model.SequenceSpec;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open sequences of one model version, in front of its queue: of each sequence one request is in the queue or runs, and the others
 * wait here, in the order they came. Requests of different sequences share batches as any others do, the oldest first. Where instances
 * keep the state of sequences, each sequence has a home, and is lost with it.
 *
 * <p><b>Threads:</b> safe from any thread; nothing here waits.
 */
final class Sequences {
    private static final Logger LOG = LoggerFactory.getLogger(Sequences.class);

    /** How many sequences that were lost are remembered, for each that may be open. */
    private static final int LOST_PER_OPEN = 4;

    private final String model;
    private final SequenceSpec bounds;
    private final Entrance entrance;
    private final SchedulingThreads threads;

    /** Null unless instances keep the state of sequences. */
    private final @Nullable Homes homes;

    private final LostSequences lost;
    private final Consumer<String> forget;
    private final ConcurrentHashMap<String, Sequence> open = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** Written by who closes: why nothing is taken any more. */
    private volatile @Nullable ServingException closedBecause;

    /** The queue in which requests of a sequence wait whose turn has come. */
    interface Entrance {
        /**
         * The one of a sequence.
         *
         * @param home of that; null if it has none
         */
        RequestQueue queue(Homes.@Nullable Home home);
    }

    /**
     * No sequences yet, and no homes for them.
     *
     * @param model its name, for messages
     * @param forget told the id of each sequence that ends or starts anew, while none of its requests runs
     */
    Sequences(
            String model, SequenceSpec bounds, RequestQueue queue, SchedulingThreads threads, Consumer<String> forget) {
        this(model, bounds, home -> queue, threads, forget, null);
    }

    private Sequences(
            String model,
            SequenceSpec bounds,
            Entrance entrance,
            SchedulingThreads threads,
            Consumer<String> forget,
            @Nullable Homes homes) {
        this.model = model;
        this.bounds = bounds;
        this.entrance = entrance;
        this.threads = threads;
        this.forget = forget;
        this.homes = homes;
        this.lost = new LostSequences(bounds.maxIdle(), LOST_PER_OPEN * bounds.maxOpen(), threads.ticker());
    }

    /**
     * No sequences yet; their homes are to be.
     *
     * @param homes makes them, given who hears of sequences that lost theirs
     */
    static Sequences at(
            Function<BiConsumer<List<Sequence>, ServingException>, Homes> homes,
            String model,
            SequenceSpec bounds,
            SchedulingThreads threads,
            Consumer<String> forget) {
        AtomicReference<@Nullable Sequences> made = new AtomicReference<>();
        Homes all = homes.apply((lost, reason) -> Objects.requireNonNull(made.get()).lose(lost, reason));
        Sequences sequences = new Sequences(
                model, bounds, home -> Objects.requireNonNull(home).queue(), threads, forget, all);
        made.set(sequences);
        return sequences;
    }

    /**
     * Takes a request of {@code ref}, as {@link RequestScheduler#submit} does.
     *
     * @throws ServingException also {@code OVERLOADED} if too many sequences are open, or too many requests of this one wait
     */
    void submit(InferenceRequest request, ResponseSink sink, SequenceRef ref) {
        if (homes != null && lost.contains(ref.id())) {
            if (!ref.starts()) {
                throw Homes.gone(model);
            }
            lost.remove(ref.id());
        }
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
        Sequence earlier = null;
        boolean isAdded = false;
        try {
            Sequence added = new Sequence(this, id);
            earlier = open.computeIfAbsent(id, absent -> added.lodged(homes));
            isAdded = earlier == added;
            return earlier;
        } finally {
            if (!isAdded) {
                count.decrementAndGet();
            }
        }
    }

    /** {@code sequences} have lost their home: what waits is told {@code reason}, and so are those that come later. */
    private void lose(List<Sequence> sequences, ServingException reason) {
        for (Sequence each : sequences) {
            lost.add(each.id());
            forgetPlace(each);
        }
        sequences.forEach(each -> each.evict(reason));
    }

    private void forgetPlace(Sequence sequence) {
        // Not there any more if it was lost: its id may be another's by now.
        if (open.remove(sequence.id(), sequence)) {
            count.decrementAndGet();
        }
    }

    /** A sequence has ended; nothing of it runs or waits. */
    void ended(Sequence sequence) {
        try {
            if (open.get(sequence.id()) == sequence) {
                forget(sequence.id());
            }
        } finally {
            forgetPlace(sequence);
            sequence.leaveHome(homes);
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

    /** Where they live; null if they live nowhere. */
    @Nullable
    Homes homes() {
        return homes;
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
    void enter(InferenceRequest request, ResponseSink sink, Sequence sequence) {
        entrance.queue(sequence.home()).submit(request, sink, sequence);
    }

    /** @throws ServingException {@code OVERLOADED} if requests run at once or not at all */
    void checkMayWait(String id, Homes.@Nullable Home home) {
        if (entrance.queue(home).takesOnlyIfIdle()) {
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
