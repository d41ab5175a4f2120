// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request that was taken, the sink it will end, and where it stands.
 *
 * <pre>
 *            claim              complete, fail
 *  QUEUED ─────────► CLAIMED ─────────────────► DONE
 *    ├─► EXPIRED (its deadline)    │                            the answer is here before the call is over:
 *    ├─► CANCELLED (caller gone)   └─► ABANDONED ──► DONE       caller gone, or the call took too long
 *    ├─► EVICTED (unloaded)
 *    └─► HANDED_ON (its turn in a sequence has come: the queue makes another of it)
 *
 *  CLAIMED ◄──► STREAMING (a part is being handed over) ─► LEAVING (given up meanwhile) ─► ABANDONED
 *                   └───────────┴─► ENDING (its call is over meanwhile) ─► DONE
 * </pre>
 *
 * Each arrow is one compare-and-set, and who makes it owns what follows. Who ends a request that was never claimed answers it and
 * gives its inputs back. Who claims it owns its inputs until the call of the engine is over; the answer belongs to who makes the next
 * arrow, and is given up for ABANDONED requests, not their inputs.
 *
 * <p><b>Threads:</b> safe from any thread; {@link #complete} and {@link #fail} come from the thread that claimed.
 */
final class PendingRequest extends Timer implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(PendingRequest.class);
    private static final AtomicReferenceFieldUpdater<PendingRequest, State> STATE =
            AtomicReferenceFieldUpdater.newUpdater(PendingRequest.class, State.class, "state");

    /** See the drawing. */
    enum State {
        QUEUED,
        CLAIMED,
        STREAMING,
        LEAVING,
        ENDING,
        ABANDONED,
        DONE,
        EXPIRED,
        CANCELLED,
        EVICTED,
        HANDED_ON
    }

    /** What has to hear that a request is no longer queued, or was answered twice. */
    interface Owner {
        /** {@code request} has left QUEUED; called once, by who took it out, before its answer. */
        void left(PendingRequest request);

        /** {@code request} ran alone in a call of that length, or one that failed. */
        default void ranAlone(PendingRequest request, long nanos, boolean hasFailed) {}

        /** A second answer was given to a request, and dropped. */
        void answeredTwice();
    }

    /** What has to hear of one request alone. */
    interface Follower {
        /** Nobody. */
        Follower NONE = new Follower() {};

        /** It was counted in and will be queued; it may run as soon as this returns. */
        default void admitted() {}

        /** No call reads its inputs any more, and it has its answer. Called once, on the thread that makes it so. */
        default void over() {}
    }

    private final Owner owner;
    private final Follower follower;
    private final InferenceRequest request;
    private final ResponseSink sink;
    private final long submittedNanos;
    private final Traits traits;

    /** Written by who makes an arrow of the drawing. */
    private volatile State state = State.QUEUED;

    /** Written by who ends its call while a part is being handed over, before it says so; read by who hands over. */
    private volatile @Nullable ServingException endedFor;

    /** Written by who gives it up while a part is being handed over, before it says so; read by who hands over. */
    private volatile @Nullable ServingException givenUpFor;

    /**
     * Written before it is handed to the queue by the thread that submits: the request that was handed over before. When they have
     * been taken out, written by who took them: the one that was handed over after.
     */
    @Nullable
    PendingRequest handedOverBefore;

    PendingRequest(Owner owner, InferenceRequest request, ResponseSink sink, long submittedNanos, Traits traits) {
        this(owner, Follower.NONE, request, sink, submittedNanos, traits);
    }

    PendingRequest(
            Owner owner,
            Follower follower,
            InferenceRequest request,
            ResponseSink sink,
            long submittedNanos,
            Traits traits) {
        this.owner = owner;
        this.follower = follower;
        this.request = request;
        this.sink = sink;
        this.submittedNanos = submittedNanos;
        this.traits = traits;
    }

    /**
     * What decides about its turn.
     *
     * @param rows counted against the bounds
     * @param key what those in its batch have in common with it
     * @param level 0 is served first
     * @param hasWaitedForInstance whether all instances were busy when it came
     * @param untilNanos when it stops waiting: at its deadline, or earlier; {@link RequestContext#NO_DEADLINE} for never
     */
    record Traits(int rows, long bytes, ShapeKey key, int level, boolean hasWaitedForInstance, long untilNanos) {
        /** Of one that waits for ever. */
        Traits(int rows, long bytes, ShapeKey key, int level, boolean hasWaitedForInstance) {
            this(rows, bytes, key, level, hasWaitedForInstance, RequestContext.NO_DEADLINE);
        }
    }

    Follower follower() {
        return follower;
    }

    /** The one handed over after it, when it was taken out of the intake with others; asked for once. */
    @Nullable
    PendingRequest takeNext() {
        PendingRequest next = handedOverBefore;
        handedOverBefore = null;
        return next;
    }

    InferenceRequest request() {
        return request;
    }

    long submittedNanos() {
        return submittedNanos;
    }

    /** When it stops waiting; {@link RequestContext#NO_DEADLINE} for never. */
    long untilNanos() {
        return traits.untilNanos();
    }

    /** Whether it has waited as long as it may. */
    boolean isPast(long nowNanos) {
        return untilNanos() != RequestContext.NO_DEADLINE && nowNanos - untilNanos() >= 0;
    }

    String tenant() {
        return request.context().tenant();
    }

    Traits traits() {
        return traits;
    }

    int rows() {
        return traits.rows();
    }

    ShapeKey key() {
        return traits.key();
    }

    State state() {
        return state;
    }

    boolean isQueued() {
        return state == State.QUEUED;
    }

    /** Whether it left the queue without being claimed: that stays so, wherever others have brought it meanwhile. */
    boolean hasEndedUnclaimed() {
        return switch (state) {
            case EXPIRED, CANCELLED, EVICTED, HANDED_ON -> true;
            default -> false;
        };
    }

    /** Takes it into a batch; false if it has ended. */
    boolean claim() {
        return leaveQueue(State.CLAIMED);
    }

    /** Its deadline came while it waited; does nothing after that. */
    void expire() {
        if (leaveExpired()) {
            answerExpired();
        }
    }

    /** The first half of {@link #expire}, for those who hold a lock; if it gives true the second half has to follow. */
    boolean leaveExpired() {
        return leaveQueue(State.EXPIRED);
    }

    /** The second half of {@link #expire}. */
    void answerExpired() {
        endUnclaimed(ServingException.refusal(
                ErrorCode.DEADLINE_EXCEEDED,
                "The deadline passed while the request for model "
                        + request.model().name() + " was waiting"));
    }

    /** The timer's view of {@link #expire}. */
    @Override
    void fire() {
        expire();
    }

    /** Whoever waits for the answer is gone: it leaves the queue, or its batch goes on without giving its answer to anyone. */
    void cancel() {
        if (leaveQueue(State.CANCELLED)) {
            endUnclaimed(cancelled());
        } else {
            abandon(cancelled());
        }
    }

    /** The caller's view of {@link #cancel}. */
    @Override
    public void run() {
        cancel();
    }

    /** Its model goes away, for {@code reason}; does nothing if it does not wait any more. */
    void evict(ServingException reason) {
        if (leaveQueue(State.EVICTED)) {
            endUnclaimed(reason);
        }
    }

    /** Takes it out to be queued elsewhere, with its sink and its inputs; false if it has ended. */
    boolean handOn() {
        return leaveQueue(State.HANDED_ON);
    }

    /** Answers a claimed request now, while the engine still reads its inputs; does nothing if it has been answered. */
    boolean abandon(ServingException failure) {
        while (isWanted()) {
            if (STATE.compareAndSet(this, State.CLAIMED, State.ABANDONED)) {
                answer(failure);
                return true;
            }
            givenUpFor = failure;
            if (STATE.compareAndSet(this, State.STREAMING, State.LEAVING)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it runs, and somebody waits for its answer. */
    boolean isWanted() {
        State now = state;
        return now == State.CLAIMED || now == State.STREAMING;
    }

    /** Whether it runs: was claimed, and has not come to its end, wanted or not. */
    boolean isRunning() {
        State now = state;
        return now == State.CLAIMED || now == State.STREAMING || now == State.LEAVING || now == State.ABANDONED;
    }

    /**
     * Hands one part of its answer over, or drops it if nobody waits for it any more. Who gives the request up meanwhile leaves the
     * last word to this thread, so that no sink is called by two at once.
     */
    void part(InferenceResponse part) {
        if (!STATE.compareAndSet(this, State.CLAIMED, State.STREAMING)) {
            guarded("dropping", part::release);
            return;
        }
        guarded("streaming", () -> sink.part(part));
        if (STATE.compareAndSet(this, State.STREAMING, State.CLAIMED)) {
            return;
        }
        if (STATE.compareAndSet(this, State.LEAVING, State.ABANDONED)) {
            answer(reasonOf(givenUpFor));
            return;
        }
        // Its call was over before this part was handed over.
        state = State.DONE;
        guarded("releasing", request::release);
        ServingException givenUp = givenUpFor;
        answer(givenUp == null ? endedEarly(endedFor) : givenUp);
        tellOver();
    }

    private static ServingException endedEarly(@Nullable ServingException reason) {
        return reason == null
                ? new ServingException(ErrorCode.INTERNAL, "The model ended its answer while it was still giving it")
                : reason;
    }

    private static ServingException reasonOf(@Nullable ServingException reason) {
        return reason == null ? cancelled() : reason;
    }

    /** The call was for it alone, and is over; its end is to follow. */
    void ranAlone(long nanos, boolean hasFailed) {
        owner.ranAlone(this, nanos, hasFailed);
    }

    /** The call is over, with this answer. */
    void complete(InferenceResponse response) {
        State before = endClaimed(null);
        if (before == State.CLAIMED) {
            guarded("answering", () -> sink.complete(response));
        } else {
            guarded("dropping", response::release);
        }
        if (before == State.CLAIMED || before == State.ABANDONED) {
            tellOver();
        }
    }

    /** The call is over, or will not come about. */
    void fail(ServingException failure) {
        State before = endClaimed(failure);
        if (before == State.CLAIMED) {
            answer(failure);
        }
        if (before == State.CLAIMED || before == State.ABANDONED) {
            tellOver();
        }
    }

    private void tellOver() {
        guarded("ending", follower::over);
    }

    private boolean leaveQueue(State to) {
        boolean won = STATE.compareAndSet(this, State.QUEUED, to);
        if (won) {
            owner.left(this);
        }
        return won;
    }

    private void endUnclaimed(ServingException failure) {
        guarded("releasing", request::release);
        answer(failure);
        tellOver();
    }

    /**
     * Ends the call, and gives its inputs back unless another thread hands a part over, which then sees to all of that.
     *
     * @param ifHandedOver what that thread is to answer; null for a fault of the model, which ended an answer it was still giving
     * @return where it stood: CLAIMED if it is to be answered, ABANDONED if it has been, another if nothing is left to do
     */
    private State endClaimed(@Nullable ServingException ifHandedOver) {
        while (true) {
            State now = state;
            switch (now) {
                case CLAIMED, ABANDONED -> {
                    if (STATE.compareAndSet(this, now, State.DONE)) {
                        guarded("releasing", request::release);
                        return now;
                    }
                }
                case STREAMING, LEAVING -> {
                    endedFor = ifHandedOver;
                    if (STATE.compareAndSet(this, now, State.ENDING)) {
                        return State.ENDING;
                    }
                }
                default -> {
                    LOG.error("Request {} was answered twice", request.context().requestId());
                    owner.answeredTwice();
                    return State.DONE;
                }
            }
        }
    }

    private void answer(ServingException failure) {
        guarded("failing", () -> sink.fail(failure));
    }

    private static ServingException cancelled() {
        return ServingException.refusal(ErrorCode.CANCELLED, "The client went away");
    }

    /** No step may throw; one that does must not keep this request, or its neighbours, from their answers. */
    private void guarded(String step, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.error("Request {}: {} it went wrong", request.context().requestId(), step, e);
        }
    }
}
