// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A worker whose handler makes a step for each request in work when it is called: requests that it knows are sent again without their
 * inputs, until it says that their answer is complete. A request that is not sent any more is not wanted any more.
 *
 * <p><b>Threads:</b> as its contract says.
 *
 * <p><b>Source:</b> spec torchserve, 9.4.
 */
final class ContinuousInstance extends WorkerInstance implements IterationEngine {
    private static final int LONGEST_SHOWN = 80;

    private final Prediction prediction = new Prediction();

    /** The instance's thread: what is in work, by slot. */
    private final @Nullable Work[] slots;

    private static final class Work {
        private final String id;
        private final InferenceRequest request;

        /** The instance's thread: whether the worker has seen it. */
        private boolean isKnown;

        private Work(String id, InferenceRequest request) {
            this.id = id;
            this.request = request;
        }
    }

    /** What a reply says to a request. */
    private record Said(int slot, Outcome outcome, boolean hasMore) {
        private void handOver(BatchSink answers) {
            if (hasMore && outcome instanceof Outcome.Success success) {
                answers.part(slot, success.response());
            } else {
                answers.end(slot, outcome);
            }
        }
    }

    ContinuousInstance(Worker worker, Setup setup, int slots) {
        super(worker, setup);
        this.slots = new @Nullable Work[slots];
    }

    @Override
    public int slots() {
        return slots.length;
    }

    /** Handlers know requests by their ids: of two with the same id the second gets another one. */
    @Override
    public void begin(int slot, InferenceRequest request) {
        count(1);
        String id = request.context().requestId();
        String free = id;
        for (int i = 1; slotOf(free) >= 0; i++) {
            free = id + "#" + i;
        }
        slots[slot] = new Work(free, request);
    }

    private int slotOf(String id) {
        for (int slot = 0; slot < slots.length; slot++) {
            Work work = slots[slot];
            if (work != null && work.id.equals(id)) {
                return slot;
            }
        }
        return -1;
    }

    @Override
    public void step(List<Integer> active, BatchSink answers) {
        List<Integer> together = new ArrayList<>(active.size());
        for (int slot : active) {
            if (Kind.of(work(slot).request) == Kind.DESCRIPTION) {
                call(List.of(slot), answers);
            } else {
                together.add(slot);
            }
        }
        if (!together.isEmpty()) {
            call(together, answers);
        }
    }

    private Work work(int slot) {
        return Objects.requireNonNull(slots[slot], "slot is free");
    }

    private void call(List<Integer> inWork, BatchSink answers) {
        try {
            send(to -> write(to, inWork));
            inWork.forEach(slot -> work(slot).isKnown = true);
            read(worker().main().reader(), inWork, answers);
        } catch (IOException | RuntimeException | Error e) {
            // After half a message neither side knows what the next byte means.
            throw worker().lost(e);
        }
    }

    private void write(FrameWriter to, List<Integer> inWork) {
        encoder().begin(to);
        for (int slot : inWork) {
            Work work = work(slot);
            if (work.isKnown) {
                encoder().putCached(to, work.id, work.request);
            } else {
                encoder().put(to, work.id, work.request);
            }
        }
        encoder().end(to);
    }

    private void read(ReplyReader reader, List<Integer> inWork, BatchSink answers) throws IOException {
        int code = reader.code();
        if (!Outcomes.isFine(code)) {
            ServingException refusal = Outcomes.refusal(code, reader.message());
            while (reader.next(prediction)) {
                reader.skip(prediction);
            }
            inWork.forEach(slot -> answers.end(slot, new Outcome.Failure(refusal)));
            return;
        }
        List<Integer> unanswered = new ArrayList<>(inWork);
        List<Said> all = new ArrayList<>(inWork.size());
        try {
            while (reader.next(prediction)) {
                int slot = take(unanswered);
                reader.read(prediction);
                boolean hasMore = prediction.takeHasMore();
                boolean hadTensors = RequestEncoder.hasTensors(work(slot).request);
                all.add(new Said(slot, outcomes().of(prediction, hadTensors), hasMore));
            }
        } catch (IOException | RuntimeException | Error e) {
            // Half a reply is none.
            all.forEach(said -> said.outcome().release());
            throw e;
        }
        if (all.isEmpty()) {
            throw new WireException("a reply to " + inWork.size() + " requests without an answer for any of them");
        }
        all.forEach(said -> said.handOver(answers));
    }

    private int take(List<Integer> unanswered) throws WireException {
        for (int i = 0; i < unanswered.size(); i++) {
            if (prediction.id.is(work(unanswered.get(i)).id)) {
                return unanswered.remove(i);
            }
        }
        String id = prediction.id.toString();
        throw new WireException("request id: '" + id.substring(0, Math.min(id.length(), LONGEST_SHOWN))
                + "' (expected: one of " + unanswered.size() + " that are in work and not answered in this step)");
    }

    @Override
    public void free(int slot) {
        slots[slot] = null;
    }
}
