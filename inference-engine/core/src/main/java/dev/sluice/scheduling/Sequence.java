// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One open sequence: whose turn it is, and who waits for it.
 *
 * <p><b>Threads:</b> safe from any thread. Its lock is held for a few instructions, never while a request enters the queue or a sink is
 * called; a timer may be added or cancelled under it.
 */
final class Sequence implements PendingRequest.Owner {
    private final Sequences all;
    private final String id;
    private final long startedNanos;

    // All guarded by this.
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    /** The request of this sequence that is in the queue or runs; null for none. */
    private @Nullable SequenceRef current;
    /** Whether a thread is in the middle of letting that one in; it looks afterwards whether its turn is over already. */
    private boolean entering;

    private boolean isOver;
    /** Ends the sequence when it comes; null while a request has the turn. */
    private @Nullable Timer idle;

    private boolean hasEnded;

    Sequence(Sequences all, String id) {
        this.all = all;
        this.id = id;
        this.startedNanos = all.threads().ticker().nanos();
    }

    /** A request that waits for its turn. */
    private record Waiting(PendingRequest held, ResponseSink sink, SequenceRef ref) {
        InferenceRequest request() {
            return held.request();
        }
    }

    String id() {
        return id;
    }

    /**
     * Takes a request; false if the sequence has ended meanwhile.
     *
     * @throws ServingException if it cannot; nothing has happened then
     */
    boolean offer(InferenceRequest request, ResponseSink sink, SequenceRef ref) {
        Waiting held = null;
        synchronized (this) {
            if (hasEnded) {
                return false;
            }
            if (isTooOld()) {
                throw all.tooOld(id);
            }
            if (current == null) {
                takeTurn(ref);
            } else {
                held = hold(request, sink, ref);
            }
        }
        if (held == null) {
            enterNow(request, sink, ref);
        } else {
            watch(held.held());
        }
        return true;
    }

    private boolean isTooOld() {
        long age = all.bounds().maxAge().toNanos();
        return age > 0 && all.threads().ticker().nanos() - startedNanos >= age;
    }

    private void takeTurn(SequenceRef ref) {
        current = ref;
        entering = true;
        if (idle != null) {
            all.threads().timers().cancel(idle);
            idle = null;
        }
    }

    private Waiting hold(InferenceRequest request, ResponseSink sink, SequenceRef ref) {
        waiting.removeIf(each -> !each.held().isQueued());
        if (waiting.size() >= all.bounds().maxWaiting()) {
            throw all.tooMany(id, waiting.size());
        }
        // It is counted by the queue when its turn comes; until then the bounds of sequences hold.
        PendingRequest.Traits uncounted = new PendingRequest.Traits(1, 0, ShapeKey.CONTENT, 0, false);
        long now = all.threads().ticker().nanos();
        Waiting held = new Waiting(new PendingRequest(this, request, sink, now, uncounted), sink, ref);
        waiting.add(held);
        return held;
    }

    private void watch(PendingRequest held) {
        all.watch(held);
        ServingException closed = all.closedBecause();
        if (closed != null) {
            // Closed since it was asked: whoever closed may have looked before this was added.
            held.evict(closed);
        }
    }

    private void enterNow(InferenceRequest request, ResponseSink sink, SequenceRef ref) {
        boolean isRefused = true;
        try {
            all.enter(request, new TurnSink(sink), ref);
            isRefused = false;
        } finally {
            letIn(entered(isRefused));
        }
    }

    /** Lets in {@code next} and, as long as each is over at once, those behind it. */
    private void letIn(@Nullable Waiting next) {
        Waiting now = next;
        while (now != null) {
            boolean isRefused = false;
            try {
                all.enter(now.request(), new TurnSink(now.sink()), now.ref());
            } catch (RuntimeException | Error e) {
                isRefused = true;
                now.request().release();
                now.sink().fail(ServingException.from(e));
            }
            now = entered(isRefused);
        }
    }

    /** The one that has the turn was let in, or refused; gives who has the turn next, if that is over already. */
    private @Nullable Waiting entered(boolean isRefused) {
        Waiting next;
        synchronized (this) {
            entering = false;
            if (!isRefused && !isOver) {
                return null;
            }
            isOver = false;
            next = next();
        }
        endIfOver();
        return next;
    }

    /** The one that has the turn has its answer. */
    private void turnIsOver() {
        Waiting next;
        synchronized (this) {
            if (entering) {
                isOver = true;
                return;
            }
            next = next();
        }
        endIfOver();
        letIn(next);
    }

    /** Gives the turn to the first that still waits; null if none does. The lock is held. */
    private @Nullable Waiting next() {
        boolean startsAnew = current != null && current.ends();
        current = null;
        for (Waiting first = waiting.poll(); first != null; first = waiting.poll()) {
            if (first.held().handOn()) {
                SequenceRef ref = first.ref();
                takeTurn(ref);
                return startsAnew
                        ? new Waiting(first.held(), first.sink(), new SequenceRef(id, true, ref.ends()))
                        : first;
            }
        }
        if (startsAnew || all.closedBecause() != null) {
            hasEnded = true;
        } else {
            idle = new IdleTimer();
            all.threads().timers().schedule(idle, idleUntilNanos());
        }
        return null;
    }

    private long idleUntilNanos() {
        long now = all.threads().ticker().nanos();
        long left = all.bounds().maxIdle().toNanos();
        long age = all.bounds().maxAge().toNanos();
        return now + (age == 0 ? left : Math.min(left, startedNanos + age - now));
    }

    private void endIfOver() {
        synchronized (this) {
            if (!hasEnded || isOver) {
                return;
            }
            // Told once.
            isOver = true;
        }
        all.ended(this);
    }

    /** Ends those that wait with {@code reason}. */
    void evict(ServingException reason) {
        List<Waiting> all;
        synchronized (this) {
            all = List.copyOf(waiting);
        }
        all.forEach(each -> each.held().evict(reason));
    }

    @Override
    public void left(PendingRequest request) {
        all.threads().timers().cancel(request);
    }

    @Override
    public void answeredTwice() {
        // Those that wait here are answered by one step out of QUEUED, which nobody makes twice.
    }

    private final class IdleTimer extends Timer {
        @Override
        void fire() {
            synchronized (Sequence.this) {
                if (idle != this) {
                    return;
                }
                idle = null;
                hasEnded = true;
            }
            endIfOver();
        }
    }

    /** Passes the turn on after the answer. */
    private final class TurnSink implements ResponseSink {
        private final ResponseSink next;

        private TurnSink(ResponseSink next) {
            this.next = next;
        }

        @Override
        public void part(InferenceResponse part) {
            next.part(part);
        }

        @Override
        public void complete(InferenceResponse response) {
            try {
                next.complete(response);
            } finally {
                turnIsOver();
            }
        }

        @Override
        public void fail(ServingException failure) {
            try {
                next.fail(failure);
            } finally {
                turnIsOver();
            }
        }
    }
}
