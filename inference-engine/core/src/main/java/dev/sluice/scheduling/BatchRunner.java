// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to a formed batch: it runs, and each member gets its own answer. Whatever the engine does, the members are answered
 * and nobody else is touched; if the call takes longer than it may, they are answered while it still runs.
 *
 * <p><b>Threads:</b> safe from any thread; each batch by the thread of its instance.
 */
final class BatchRunner {
    /** The time a call may take that is not limited. */
    static final long UNLIMITED = Long.MAX_VALUE;

    /** How long a call that was told to end may take to do so. */
    static final long ENDING_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final Logger LOG = LoggerFactory.getLogger(BatchRunner.class);
    private static final AtomicReferenceFieldUpdater<Watch, Stage> STAGE =
            AtomicReferenceFieldUpdater.newUpdater(Watch.class, Stage.class, "stage");

    private final ModelId id;
    private final BatchPolicy policy;
    private final ServiceTimes times;
    private final SchedulingObserver observer;
    private final Ticker ticker;
    private final TimerWheel timers;
    private final long limitNanos;

    /** What an instance has to hear of its call. */
    interface Listener {
        /** It takes too long and could not be ended; once, on the timer's thread, when the members have been answered. */
        void hangs();

        /** Its last answer is about to be handed out. */
        default void answersLast() {}
    }

    /** @param limitNanos longest time a call may take, or {@link #UNLIMITED} */
    BatchRunner(
            ModelId id,
            BatchPolicy policy,
            ServiceTimes times,
            SchedulingObserver observer,
            Ticker ticker,
            TimerWheel timers,
            long limitNanos) {
        this.id = id;
        this.policy = policy;
        this.times = times;
        this.observer = observer;
        this.ticker = ticker;
        this.timers = timers;
        this.limitNanos = limitNanos;
    }

    /**
     * Runs {@code batch} and answers it.
     *
     * @return whether {@code instance} may be used again: not after an {@link Error}, which may have left it half-way, nor when the
     *     call took too long
     */
    boolean run(ModelInstance instance, Formation.Formed batch, Listener listener) {
        Call call = null;
        try {
            call = begin(batch, instance, listener);
            execute(instance, call);
            return call.wasInTime();
        } catch (Throwable e) {
            // Whatever user code and native code throw, the batch is answered and the instance goes on.
            if (call == null) {
                failAll(batch.members(), asEngineFailure(e));
            } else {
                call.fail(e);
            }
            boolean isSound = !(e instanceof Error) || e instanceof OutOfMemoryError;
            return isSound && (call == null || call.wasInTime());
        }
    }

    private static void execute(ModelInstance instance, Call call) {
        if (instance instanceof StreamingInstance streaming) {
            call.expectEnds();
            streaming.execute(call.batch(), call);
            call.returned(streaming.answersLater());
        } else {
            call.succeed(Objects.requireNonNull(instance.execute(call.batch()), "outcomes"));
        }
    }

    /** The first part of {@link #run}, for those who make the call themselves; one of the call's ends has to follow. */
    Call begin(Formation.Formed batch, Listener listener) {
        return begin(batch, null, listener);
    }

    private Call begin(Formation.Formed batch, @Nullable ModelInstance instance, Listener listener) {
        tell(() -> observer.batchFormed(id, batch.rows(), batch.reason()));
        if (batch.paddingRows() > 0) {
            tell(() -> observer.batchPadded(id, batch.paddingRows()));
        }
        Call call = new Call(batch, instance, listener, ticker.nanos());
        taken(batch.members(), call.startNanos);
        arm(call, call.startNanos);
        return call;
    }

    /** {@code members} are about to run. */
    void taken(List<PendingRequest> members, long nowNanos) {
        tell(() -> members.forEach(
                member -> observer.requestTaken(id, member.request(), nowNanos - member.submittedNanos())));
    }

    /**
     * Watches over a call of {@code instance} that is a step of {@code members}, as over any other.
     *
     */
    Watch watch(List<PendingRequest> members, ModelInstance instance, Listener listener) {
        Watch watch = new Watch(members, instance, listener);
        arm(watch, ticker.nanos());
        return watch;
    }

    private void arm(Watch watch, long startNanos) {
        watch.showsLife(startNanos);
        if (limitNanos != UNLIMITED) {
            timers.schedule(watch, startNanos + limitNanos);
        }
    }

    /** A step of {@code size} requests is over, {@code joined} of which were new; the oldest of these had waited {@code queueNanos}. */
    void stepped(int size, int joined, long queueNanos, long computeNanos) {
        times.add(size, computeNanos);
        tell(() -> observer.stepExecuted(id, size, joined, queueNanos, computeNanos));
    }

    private void tell(Runnable fact) {
        try {
            fact.run();
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on a batch of {}", id, e);
        }
    }

    static ServingException asEngineFailure(Throwable e) {
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
            failAll(members, mismatched());
            outcomes.forEach(Outcome::release);
            return;
        }
        for (int i = 0; i < outcomes.size(); i++) {
            end(members.get(i), outcomes.get(i));
        }
    }

    static void end(PendingRequest member, @Nullable Outcome outcome) {
        if (outcome instanceof Outcome.Success success) {
            member.complete(success.response());
        } else if (outcome instanceof Outcome.Failure failure) {
            member.fail(failure.cause());
        } else {
            member.fail(mismatched());
        }
    }

    /** In the original's words: some have no answer, or more than one. */
    private static ServingException mismatched() {
        return new ServingException(ErrorCode.ENGINE_FAILED, "number of batch response mismatched");
    }

    /** Fails those that have not ended: all of them, unless they were to end one by one. */
    private static void failAll(List<PendingRequest> members, ServingException failure) {
        for (PendingRequest member : members) {
            if (member.isRunning()) {
                member.fail(failure);
            }
        }
    }

    /**
     * The timer of one call: answers the members when it takes too long, and has the instance end it; one that does not is given up.
     * The members' inputs stay with the call until it returns.
     */
    class Watch extends Timer {
        private final List<PendingRequest> members;
        private final @Nullable ModelInstance instance;
        private final Listener listener;

        /** Written by who makes a step of the call's, the timer or the thread of the call. */
        private volatile Stage stage = Stage.RUNNING;

        /** Written by the thread of the call when it is over. */
        private boolean wasInTime;

        /** Written by whichever thread brings a part of an answer: when it last did, or when the call began. */
        private volatile long lastSignNanos;

        private Watch(List<PendingRequest> members, @Nullable ModelInstance instance, Listener listener) {
            this.members = members;
            this.instance = instance;
            this.listener = listener;
        }

        /** The call returned. Gives whether it did in time; if not, its instance has been ended or given up, or is about to be. */
        boolean end() {
            wasInTime = STAGE.getAndSet(this, Stage.OVER) == Stage.RUNNING;
            timers.cancel(this);
            return wasInTime;
        }

        /** All but the last of the members have their answers. */
        void tellLast() {
            tell(listener::answersLast);
        }

        /** What {@link #end} gave. */
        boolean wasInTime() {
            return wasInTime;
        }

        /** A part of an answer came: the time a call may take counts from there. */
        final void showsLife(long nowNanos) {
            lastSignNanos = nowNanos;
        }

        @Override
        void fire() {
            long untilNanos = lastSignNanos + limitNanos;
            if (stage == Stage.RUNNING && untilNanos - ticker.nanos() > 0) {
                again(untilNanos);
                return;
            }
            if (STAGE.compareAndSet(this, Stage.RUNNING, Stage.LATE)) {
                late();
            } else if (STAGE.compareAndSet(this, Stage.LATE, Stage.GIVEN_UP)) {
                LOG.error(
                        "A batch of {} for {} still runs {} s after it was told to end",
                        members.size(),
                        id,
                        TimeUnit.NANOSECONDS.toSeconds(ENDING_NANOS));
                listener.hangs();
            }
        }

        private void late() {
            long millis = TimeUnit.NANOSECONDS.toMillis(limitNanos);
            LOG.error("A batch of {} for {} still runs after {} ms", members.size(), id, millis);
            ServingException late = new ServingException(
                    instance != null && instance.canAbort() ? ErrorCode.INSTANCE_DIED : ErrorCode.ENGINE_FAILED,
                    "Prediction took longer than " + millis + " ms (responseTimeout)");
            members.forEach(member -> {
                boolean unused = member.abandon(late);
            });
            if (!willEnd()) {
                listener.hangs();
                return;
            }
            again(ticker.nanos() + ENDING_NANOS);
        }

        private void again(long atNanos) {
            timers.schedule(this, atNanos);
            if (stage == Stage.OVER) {
                // It returned meanwhile, and may have cancelled before this was scheduled.
                timers.cancel(this);
            }
        }

        private boolean willEnd() {
            try {
                if (instance == null || !instance.canAbort()) {
                    return false;
                }
                instance.abort();
                return true;
            } catch (RuntimeException | Error e) {
                LOG.error("A call of {} could not be ended", id, e);
                return false;
            }
        }
    }

    /** Where a call stands: RUNNING, LATE once its members have been answered for it, GIVEN_UP, and OVER in the end. */
    private enum Stage {
        RUNNING,
        LATE,
        GIVEN_UP,
        OVER
    }

    /** One call of an instance with a batch. */
    final class Call extends Watch implements BatchSink {
        private final Formation.Formed formed;
        private final long startNanos;
        private final Batch batch;

        /** Written by the thread of the call before it: members that have not ended; null if they end together. */
        private @Nullable AtomicInteger endsExpected;

        private Call(Formation.Formed formed, @Nullable ModelInstance instance, Listener listener, long startNanos) {
            super(formed.members(), instance, listener);
            this.formed = formed;
            this.startNanos = startNanos;
            this.batch = batchOf(formed.members());
        }

        Batch batch() {
            return batch;
        }

        /** The members end one by one. */
        void expectEnds() {
            endsExpected = new AtomicInteger(formed.members().size());
        }

        private Batch batchOf(List<PendingRequest> members) {
            if (members.size() == 1) {
                return new Batch(id, List.of(members.get(0).request()));
            }
            List<InferenceRequest> requests = new ArrayList<>(members.size());
            for (PendingRequest member : members) {
                requests.add(member.request());
            }
            return new Batch(id, requests);
        }

        /** It returned. */
        void succeed(List<Outcome> outcomes) {
            long returnedNanos = note();
            tellLast();
            scatter(formed.members(), outcomes);
            tellAnswered(returnedNanos);
        }

        /** It returned, and the answers came by {@link BatchSink}, or will come. */
        void returned(boolean answersLater) {
            long returnedNanos = note();
            if (!answersLater) {
                failAll(formed.members(), mismatched());
            }
            tellAnswered(returnedNanos);
        }

        private void tellAnswered(long returnedNanos) {
            long restNanos = ticker.nanos() - returnedNanos;
            tell(() -> observer.batchAnswered(batch, returnedNanos - startNanos, restNanos));
        }

        /** @return when it was over */
        private long note() {
            boolean unused = end();
            List<PendingRequest> members = formed.members();
            long returnedNanos = ticker.nanos();
            long computeNanos = returnedNanos - startNanos;
            times.add(formed.engineRows(), computeNanos);
            policy.executed(formed.engineRows(), computeNanos);
            noteIfAlone(computeNanos, false);
            long queueNanos = startNanos - members.get(0).submittedNanos();
            tell(() -> observer.batchExecuted(id, members.size(), queueNanos, computeNanos));
            return returnedNanos;
        }

        @Override
        public void part(int index, InferenceResponse part) {
            showsLife(ticker.nanos());
            formed.members().get(index).part(part);
        }

        @Override
        public void end(int index, Outcome outcome) {
            AtomicInteger expected = endsExpected;
            if (expected != null && expected.decrementAndGet() == 0) {
                tellLast();
            }
            BatchRunner.end(formed.members().get(index), outcome);
        }

        @Override
        public boolean isWanted(int index) {
            return formed.members().get(index).isWanted();
        }

        /** It threw. */
        void fail(Throwable e) {
            boolean unused = end();
            noteIfAlone(0, true);
            tellLast();
            LOG.error("A batch of {} for {} failed", formed.members().size(), id, e);
            failAll(formed.members(), asEngineFailure(e));
        }

        private void noteIfAlone(long nanos, boolean hasFailed) {
            if (formed.members().size() == 1) {
                formed.members().get(0).ranAlone(nanos, hasFailed);
            }
        }
    }
}
