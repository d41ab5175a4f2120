// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests one instance has in work, and one round of them: those that nobody wants any more leave, others that wait take the free
 * slots, then all make a step. While something is in work, nothing waits for company.
 *
 * <p><b>Threads:</b> the carrier's of its instance; its answers may come from any thread while a step runs.
 */
final class IterationLoop {
    private static final Logger LOG = LoggerFactory.getLogger(IterationLoop.class);

    private final IterationEngine engine;
    private final RequestQueue queue;
    private final BatchRunner runner;
    private final Ticker ticker;

    /** The carrier's: what is in work, by slot; null for a free one. */
    private final @Nullable PendingRequest[] slots;

    /** The carrier's: how many of them are. */
    private int active;

    /** @throws ServingException {@code INVALID_MODEL} if the engine has fewer slots than a batch may have requests */
    IterationLoop(IterationEngine engine, RequestQueue queue, BatchRunner runner, Ticker ticker) {
        if (engine.slots() < queue.maxRows()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "slots: " + engine.slots() + " (expected: " + queue.maxRows() + ", the batch size, or more)");
        }
        this.engine = engine;
        this.queue = queue;
        this.runner = runner;
        this.ticker = ticker;
        this.slots = new @Nullable PendingRequest[engine.slots()];
    }

    /** Whether nothing is in work. */
    boolean isIdle() {
        return active == 0;
    }

    /**
     * Makes one round.
     *
     * @param taker the instance; null if it is to take nothing more
     * @return what is to be done next: sleep, or nothing special if null
     * @throws StepFailure if a step failed; nothing is in work then
     */
    Formation.@Nullable Sleep round(@Nullable Taker taker, BatchRunner.Listener listener) throws StepFailure {
        dropUnwanted();
        List<PendingRequest> joining = List.of();
        if (taker != null && active == 0) {
            Formation next = queue.form(taker);
            if (next instanceof Formation.Sleep sleep) {
                return sleep;
            }
            joining = ((Formation.Formed) next).members();
        } else if (taker != null && active < slots.length) {
            joining = queue.more(slots.length - active);
        }
        long now = ticker.nanos();
        runner.taken(joining, now);
        begin(joining);
        if (active > 0) {
            step(joining.isEmpty() ? 0 : now - joining.get(0).submittedNanos(), joining.size(), listener);
        }
        return null;
    }

    private void dropUnwanted() {
        long now = ticker.nanos();
        for (int slot = 0; slot < slots.length; slot++) {
            PendingRequest request = slots[slot];
            if (request != null && request.request().context().isExpired(now)) {
                leave(
                        slot,
                        new ServingException(ErrorCode.DEADLINE_EXCEEDED, "The deadline passed before the last step"));
            } else if (request != null && !request.isWanted()) {
                leave(slot, new ServingException(ErrorCode.CANCELLED, "The client went away"));
            }
        }
    }

    private void begin(List<PendingRequest> joining) throws StepFailure {
        Error broken = null;
        for (PendingRequest request : joining) {
            int slot = 0;
            while (slots[slot] != null) {
                slot++;
            }
            slots[slot] = request;
            active++;
            try {
                engine.begin(slot, request.request());
            } catch (Exception | OutOfMemoryError e) {
                leave(slot, BatchRunner.asEngineFailure(e));
            } catch (Error e) {
                // It may be half-way into anything; those behind still need a slot, to be failed from.
                broken = e;
            }
        }
        if (broken != null) {
            leaveAll(broken);
            throw new StepFailure(broken, true);
        }
    }

    /** The engine is gone, and with it all that is in work. */
    void lose() {
        leaveAll(died());
    }

    private static ServingException died() {
        return ServingException.refusal(ErrorCode.INSTANCE_DIED, "Worker died.");
    }

    private void leaveAll(Throwable why) {
        ServingException failure = BatchRunner.asEngineFailure(why);
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot] != null) {
                leave(slot, failure);
            }
        }
    }

    private void step(long queueNanos, int joined, BatchRunner.Listener listener) throws StepFailure {
        List<Integer> inWork = new ArrayList<>(active);
        List<PendingRequest> members = new ArrayList<>(active);
        for (int slot = 0; slot < slots.length; slot++) {
            PendingRequest request = slots[slot];
            if (request != null) {
                inWork.add(slot);
                members.add(request);
            }
        }
        BatchRunner.Watch watch = runner.watch(members, engine, listener);
        long startNanos = ticker.nanos();
        try {
            engine.step(inWork, new StepSink(members, inWork, watch));
            boolean unused = watch.end();
        } catch (Throwable e) {
            // Whatever user code and native code throw, everyone is answered and the instance goes on.
            boolean isInTime = watch.end();
            leaveAll(e);
            throw new StepFailure(e, isInTime);
        }
        if (!watch.wasInTime()) {
            // They have been answered, and the engine has been ended or given up.
            lose();
            throw new StepFailure(died(), false);
        }
        runner.stepped(members.size(), joined, queueNanos, ticker.nanos() - startNanos);
        for (int i = 0; i < members.size(); i++) {
            if (!members.get(i).isRunning()) {
                vacate(inWork.get(i));
            }
        }
    }

    /** Ends what is in {@code slot}, if it has not ended, and frees it. */
    private void leave(int slot, ServingException failure) {
        PendingRequest request = Objects.requireNonNull(slots[slot]);
        vacate(slot);
        if (request.isRunning()) {
            request.fail(failure);
        }
    }

    /** An engine that throws here must not keep anybody from their answers. */
    private void vacate(int slot) {
        slots[slot] = null;
        active--;
        try {
            engine.free(slot);
        } catch (Throwable e) {
            LOG.error("Slot {} could not be freed", slot, e);
        }
    }

    /** A step threw. */
    static final class StepFailure extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean wasInTime;

        private StepFailure(Throwable cause, boolean wasInTime) {
            super(cause);
            this.wasInTime = wasInTime;
        }

        /** Whether the engine may be used again. */
        boolean leavesItSound() {
            return wasInTime && (!(getCause() instanceof Error) || getCause() instanceof OutOfMemoryError);
        }
    }

    /** Takes answers by slot. */
    private static final class StepSink implements BatchSink {
        private final List<PendingRequest> members;
        private final List<Integer> slots;

        private final BatchRunner.Watch watch;
        private final AtomicInteger endsExpected;

        private StepSink(List<PendingRequest> members, List<Integer> slots, BatchRunner.Watch watch) {
            this.members = members;
            this.slots = slots;
            this.watch = watch;
            this.endsExpected = new AtomicInteger(members.size());
        }

        private PendingRequest member(int slot) {
            return members.get(slots.indexOf(slot));
        }

        @Override
        public void part(int index, InferenceResponse part) {
            member(index).part(part);
        }

        @Override
        public void end(int index, Outcome outcome) {
            if (endsExpected.decrementAndGet() == 0) {
                watch.tellLast();
            }
            BatchRunner.end(member(index), outcome);
        }

        @Override
        public boolean isWanted(int index) {
            return member(index).isWanted();
        }
    }
}
