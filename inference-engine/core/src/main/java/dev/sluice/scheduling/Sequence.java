// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open sequence: whose turn it is, and who waits for it.
 *
 * <p><b>Threads:</b> safe from any thread. Its lock is held for a few instructions, never while a request enters the queue or a sink is
 * called; a timer may be added or cancelled under it.
 */
final class Sequence implements PendingRequest.Owner, PendingRequest.Follower {
    private static final Logger LOG = LoggerFactory.getLogger(Sequence.class);
    private static final String END_HEADER = "ts_request_sequence_end";

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
    /** Whether any of its requests was taken. */
    private boolean hasTaken;
    /** Ends the sequence when it comes; null while a request has the turn. */
    private @Nullable Timer idle;

    private boolean hasEnded;
    /** Whether the answer to the one that has the turn said that nothing more will come. */
    private boolean isEndedByHandler;

    /** Written by who begins it, before others see it; null if instances keep no state. */
    private Homes.@Nullable Home home;

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

    Homes.@Nullable Home home() {
        return home;
    }

    /** Itself, with a home if there are any. */
    Sequence lodged(@Nullable Homes homes) {
        if (homes != null) {
            home = homes.lodge(this);
        }
        return this;
    }

    /** It has ended. */
    void leaveHome(@Nullable Homes homes) {
        if (homes != null && home != null) {
            homes.leave(home, this);
        }
    }

    /**
     * Takes a request; false if the sequence has ended meanwhile.
     *
     * @throws ServingException if it cannot; nothing has happened then
     */
    boolean offer(InferenceRequest request, ResponseSink answers, SequenceRef ref) {
        ResponseSink sink = new EndingSink(answers);
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
            enterNow(request, sink);
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
        isEndedByHandler = false;
        entering = true;
        if (idle != null) {
            all.threads().timers().cancel(idle);
            idle = null;
        }
    }

    private Waiting hold(InferenceRequest request, ResponseSink sink, SequenceRef ref) {
        all.checkMayWait(id, home);
        waiting.removeIf(each -> !each.held().isQueued());
        if (waiting.size() >= all.bounds().maxWaiting()) {
            throw all.tooMany(id, waiting.size());
        }
        long now = all.threads().ticker().nanos();
        // It is counted by the queue when its turn comes; until then the bounds of sequences hold.
        PendingRequest.Traits uncounted = new PendingRequest.Traits(
                1, 0, ShapeKey.CONTENT, 0, false, untilNanos(request.context().deadlineNanos(), now));
        Waiting held = new Waiting(new PendingRequest(this, request, sink, now, uncounted), sink, ref);
        waiting.add(held);
        return held;
    }

    /** A call that never returns must not keep those behind it for longer than the sequence would have been kept. */
    private long untilNanos(long deadlineNanos, long nowNanos) {
        long latest = nowNanos + all.bounds().maxIdle().toNanos();
        return deadlineNanos != RequestContext.NO_DEADLINE && deadlineNanos - latest < 0 ? deadlineNanos : latest;
    }

    private void watch(PendingRequest held) {
        all.watch(held);
        ServingException closed = all.closedBecause();
        if (closed == null && home != null) {
            closed = home.queue().closedFor();
        }
        if (closed != null) {
            // Closed since it was asked: whoever closed may have looked before this was added.
            held.evict(closed);
        }
    }

    private void enterNow(InferenceRequest request, ResponseSink sink) {
        boolean isRefused = true;
        try {
            all.enter(request, sink, this);
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
                all.enter(now.request(), now.sink(), this);
            } catch (RuntimeException | Error e) {
                isRefused = true;
                refuse(now, ServingException.from(e));
            }
            now = entered(isRefused);
        }
    }

    /** Neither step may keep those behind from their turn. */
    private static void refuse(Waiting refused, ServingException reason) {
        try {
            refused.request().release();
        } catch (RuntimeException | Error e) {
            LOG.error("A refused request could not be released", e);
        }
        try {
            refused.sink().fail(reason);
        } catch (RuntimeException | Error e) {
            LOG.error("A refused request could not be told so", e);
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
            next = next(isRefused);
        }
        endIfOver();
        return next;
    }

    /** The one that has the turn was taken, and may run as soon as this returns. */
    @Override
    public void admitted() {
        boolean startsAnew;
        synchronized (this) {
            hasTaken = true;
            startsAnew = current != null && current.starts();
        }
        if (startsAnew) {
            all.forget(id);
        }
    }

    /** No call reads the one that has the turn any more, and it has its answer. */
    @Override
    public void over() {
        Waiting next;
        synchronized (this) {
            if (entering) {
                isOver = true;
                return;
            }
            next = next(false);
        }
        endIfOver();
        letIn(next);
    }

    /** Gives the turn to the first that still waits; null if none does. The lock is held. */
    private @Nullable Waiting next(boolean isRefused) {
        // One that was refused has neither ended the sequence nor begun it.
        boolean startsAnew = !isRefused && current != null && (current.ends() || isEndedByHandler);
        current = null;
        for (Waiting first = waiting.poll(); first != null; first = waiting.poll()) {
            if (first.held().handOn()) {
                SequenceRef ref = first.ref();
                takeTurn(startsAnew ? new SequenceRef(id, true, ref.ends()) : ref);
                return first;
            }
        }
        if (startsAnew || !hasTaken || all.closedBecause() != null) {
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

    /** Ends those that wait with {@code reason}, and the sequence itself if nobody has the turn. */
    void evict(ServingException reason) {
        List<Waiting> held;
        synchronized (this) {
            held = List.copyOf(waiting);
            if (idle != null) {
                all.threads().timers().cancel(idle);
                idle = null;
                hasEnded = true;
            }
        }
        held.forEach(each -> each.held().evict(reason));
        endIfOver();
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

    /**
     * Looks whether an answer says that the sequence has ended.
     *
     * <p><b>Source:</b> pytorch/serve {@code docs/sequence_batching.md}: ids, with {@code ;} between them.
     */
    private final class EndingSink implements ResponseSink {
        private final ResponseSink answers;

        private EndingSink(ResponseSink answers) {
            this.answers = answers;
        }

        @Override
        public void part(InferenceResponse part) {
            look(part);
            answers.part(part);
        }

        @Override
        public void complete(InferenceResponse response) {
            look(response);
            answers.complete(response);
        }

        @Override
        public void fail(ServingException failure) {
            answers.fail(failure);
        }

        private void look(InferenceResponse response) {
            if (response.details().headers().isEmpty()) {
                return;
            }
            response.details().headers().forEach((name, value) -> {
                if (name.equalsIgnoreCase(END_HEADER)
                        && List.of(value.split(";")).stream().map(String::trim).anyMatch(id::equals)) {
                    synchronized (Sequence.this) {
                        isEndedByHandler = true;
                    }
                }
            });
        }
    }
}
