// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A queue for each instance of a model whose instances keep the state of sequences: all requests of a sequence go to the one it was given
 * at its beginning, that with the fewest. When the context of an instance is gone its queue is closed for good, and the next context has
 * another: so nothing that was meant for the old one runs on the new one.
 *
 * <p><b>Threads:</b> safe from any thread. Its lock comes after the one of the instances, and before those of the queues.
 */
final class Homes implements Queues {
    private final String model;
    private final Supplier<RequestQueue> newQueue;
    private final BiConsumer<List<Sequence>, ServingException> onLoss;

    /** Guarded by this. */
    private final Map<Taker, Home> homes = new LinkedHashMap<>();

    /** Guarded by this: why nothing is taken now; null while requests are taken. */
    private @Nullable ServingException refusal;

    /** Guarded by this: whether that is for good. */
    private boolean isClosed;

    /** Where sequences live: one context of one instance. */
    static final class Home {
        private final Taker instance;
        private final RequestQueue queue;

        /** Guarded by the homes: those that live here. */
        private final Set<Sequence> sequences = new HashSet<>();

        /** Guarded by the homes: whether the context is to be exchanged as soon as nobody lives here. */
        private boolean isWorn;

        private Home(Taker instance, RequestQueue queue) {
            this.instance = instance;
            this.queue = queue;
        }

        RequestQueue queue() {
            return queue;
        }

        /** The better the lower. */
        private int rank() {
            return queue.hasTakers() ? isWorn ? 1 : 0 : 2;
        }
    }

    /**
     * No homes yet.
     *
     * @param onLoss told which sequences have lost their home, and what their requests are told; not under a lock
     */
    Homes(String model, Supplier<RequestQueue> newQueue, BiConsumer<List<Sequence>, ServingException> onLoss) {
        this.model = model;
        this.newQueue = newQueue;
        this.onLoss = onLoss;
    }

    /** What those are told whose sequence lost its home. */
    static ServingException gone(String model) {
        return ServingException.refusal(
                ErrorCode.MODEL_UNAVAILABLE,
                "The state of this sequence is gone with the instance of model \"" + model
                        + "\" that kept it. Start a new sequence.");
    }

    @Override
    public RequestQueue of(Taker instance) {
        RequestQueue queue = newQueue.get();
        synchronized (this) {
            if (refusal != null) {
                queue.suspend(null, refusal);
            }
            homes.put(instance, new Home(instance, queue));
        }
        return queue;
    }

    @Override
    public void contextGone(Taker instance) {
        lose(instance);
    }

    @Override
    public void instanceGone(Taker instance) {
        lose(instance);
    }

    private void lose(Taker instance) {
        List<Sequence> lost;
        Home home;
        synchronized (this) {
            home = homes.remove(instance);
            if (home == null) {
                return;
            }
            lost = List.copyOf(home.sequences);
            home.sequences.clear();
        }
        ServingException reason = gone(model);
        // First: whoever has been told that the state is gone may start anew, and must not meet the sequence that is
        // lost.
        onLoss.accept(lost, reason);
        home.queue.close(reason);
    }

    @Override
    public synchronized boolean mayExchange(Taker instance) {
        Home home = homes.get(instance);
        if (home == null || home.sequences.isEmpty()) {
            return true;
        }
        home.isWorn = true;
        return false;
    }

    /** Its context was exchanged for another, without a loss. */
    @Override
    public synchronized void exchanged(Taker instance) {
        Home home = homes.get(instance);
        if (home != null) {
            home.isWorn = false;
        }
    }

    /**
     * Gives {@code sequence} the home with the fewest, of those whose instance is up if there are any.
     *
     * @throws ServingException {@code MODEL_UNAVAILABLE} if there is none
     */
    synchronized Home lodge(Sequence sequence) {
        Home best = best();
        best.sequences.add(sequence);
        return best;
    }

    private Home best() {
        Home best = null;
        for (Home each : homes.values()) {
            if (best == null || isBetter(each, best)) {
                best = each;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        if (best == null) {
            throw ServingException.refusal(
                    ErrorCode.MODEL_UNAVAILABLE, "Model \"" + model + "\" has no instance now. Retry later.");
        }
        return best;
    }

    private static boolean isBetter(Home one, Home other) {
        return one.rank() != other.rank() ? one.rank() < other.rank() : one.sequences.size() < other.sequences.size();
    }

    /** {@code sequence} does not live at {@code home} any more. */
    void leave(Home home, Sequence sequence) {
        boolean isToWake;
        synchronized (this) {
            home.sequences.remove(sequence);
            isToWake = home.isWorn && home.sequences.isEmpty();
        }
        if (isToWake) {
            home.instance.wake();
        }
    }

    /** Takes a request of no sequence. */
    void submit(InferenceRequest request, ResponseSink sink) {
        RequestQueue queue;
        synchronized (this) {
            queue = best().queue;
        }
        queue.submit(request, sink);
    }

    @Override
    public synchronized void suspend(@Nullable ServingException before, ServingException reason) {
        if (isClosed) {
            return;
        }
        refusal = reason;
        homes.values().forEach(home -> home.queue.suspend(before, reason));
    }

    @Override
    public synchronized void resume(ServingException reason) {
        if (refusal == reason && !isClosed) {
            refusal = null;
        }
        homes.values().forEach(home -> home.queue.resume(reason));
    }

    @Override
    public void evict(ServingException reason) {
        all().forEach(home -> home.queue.evict(reason));
    }

    /** Ends all that wait with {@code reason}, and refuses later ones with it, for good. */
    void close(ServingException reason) {
        synchronized (this) {
            refusal = reason;
            isClosed = true;
        }
        all().forEach(home -> home.queue.close(reason));
    }

    private synchronized List<Home> all() {
        return new ArrayList<>(homes.values());
    }
}
