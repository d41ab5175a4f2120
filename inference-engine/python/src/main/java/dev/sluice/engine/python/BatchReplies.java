// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the replies to one message and hands each request its own, once the reply has come to its end as it should: half a reply is
 * none. Requests are told apart by their ids; of those that share one, the first that is still open is meant.
 *
 * <p>A worker that answers a request a second time, after it had been answered, would have the next batch fail, which has done nothing
 * wrong: ids of the batch before are remembered, and what comes for them goes nowhere.
 *
 * <p><b>Threads:</b> one at a time.
 */
final class BatchReplies {
    private static final int LONGEST_SHOWN = 80;
    private static final byte OPEN = 0;
    private static final byte ENDED = 1;

    /** Answered by us, since there was no room for a part of it: the rest goes nowhere. */
    private static final byte GIVEN_UP = 2;

    private static final byte NOTHING = 0;
    private static final byte PART = 1;
    private static final byte LAST = 2;

    private final Outcomes outcomes;
    private final Prediction prediction = new Prediction();

    /** Whoever calls the worker, as all fields below: how it stands with each request of the batch. */
    private byte[] states = new byte[8];

    /** Ids of the batch, and of the one before. */
    private String[] ids = new String[8];

    private String[] idsBefore = new String[8];
    private int size;
    private int sizeBefore;

    /** What the reply that is being read says to each request of the batch; null if nothing. */
    private @Nullable Outcome[] said = new @Nullable Outcome[8];

    /** What it is. */
    private byte[] kinds = new byte[8];

    /** How many have not ended. */
    private int open;

    /** Whether something came that was for the batch before. */
    private boolean hasStale;

    BatchReplies(Outcomes outcomes) {
        this.outcomes = outcomes;
    }

    /** Begins a batch. */
    void begin(List<InferenceRequest> requests) {
        String[] spare = idsBefore;
        idsBefore = ids;
        sizeBefore = size;
        size = requests.size();
        open = size;
        boolean fits = spare.length >= size;
        ids = fits ? spare : new String[2 * size];
        if (states.length < size) {
            states = new byte[2 * size];
            kinds = new byte[2 * size];
            said = new @Nullable Outcome[2 * size];
        }
        for (int i = 0; i < size; i++) {
            ids[i] = requests.get(i).context().requestId();
            states[i] = OPEN;
            kinds[i] = NOTHING;
        }
    }

    /** Whether the worker answered something twice; it cannot be trusted then. */
    boolean hasStale() {
        return hasStale;
    }

    /**
     * Reads replies until each request has ended.
     *
     * @param requests those of the batch
     * @param places where they are in {@code answers}
     * @throws WireException also if the worker said that it is done, though some have not ended
     */
    void read(ReplyReader reader, List<InferenceRequest> requests, int[] places, BatchSink answers) throws IOException {
        while (open > 0) {
            int code = reader.code();
            if (Outcomes.isFine(code)) {
                readPredictions(reader, requests, places, answers);
            } else {
                readRefusal(reader, code, places, answers);
            }
        }
    }

    private void readPredictions(
            ReplyReader reader, List<InferenceRequest> requests, int[] places, BatchSink answers) throws IOException {
        boolean isStale = false;
        int likely = 0;
        try {
            while (reader.next(prediction)) {
                int at = found(likely);
                reader.read(prediction);
                if (at < 0) {
                    prediction.drop();
                    isStale = true;
                } else {
                    keep(at, RequestEncoder.hasTensors(requests.get(at)));
                    likely = at + 1;
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            drop();
            throw e;
        }
        hasStale |= isStale;
        boolean hasMore = handOver(places, answers);
        if (open > 0 && !hasMore && !isStale) {
            throw new WireException("a reply without an answer for " + open + " of " + size + " requests");
        }
    }

    private void keep(int at, boolean hadTensors) {
        kinds[at] = prediction.takeHasMore() ? PART : LAST;
        if (states[at] == GIVEN_UP) {
            prediction.drop();
        } else {
            said[at] = outcomes.of(prediction, hadTensors);
        }
    }

    private void drop() {
        for (int i = 0; i < size; i++) {
            Outcome dropped = said[i];
            said[i] = null;
            if (dropped != null) {
                dropped.release();
            }
        }
    }

    /** @return whether more will follow for some of them */
    private boolean handOver(int[] places, BatchSink answers) {
        boolean hasMore = false;
        for (int i = 0; i < size; i++) {
            byte kind = kinds[i];
            kinds[i] = NOTHING;
            Outcome outcome = said[i];
            said[i] = null;
            if (kind == LAST) {
                states[i] = ENDED;
                open--;
            }
            hasMore |= kind == PART;
            if (kind == PART && outcome instanceof Outcome.Success success) {
                answers.part(places[i], success.response());
            } else if (outcome != null) {
                states[i] = kind == LAST ? ENDED : GIVEN_UP;
                answers.end(places[i], outcome);
            }
        }
        return hasMore;
    }

    /** The batch is over with it, if it was for this batch. */
    private void readRefusal(ReplyReader reader, int code, int[] places, BatchSink answers) throws IOException {
        ServingException refusal = Outcomes.refusal(code, reader.message());
        boolean isForBefore = false;
        boolean isForThis = false;
        while (reader.next(prediction)) {
            boolean isHere = found(0) >= 0;
            isForThis |= isHere;
            isForBefore |= !isHere;
            reader.skip(prediction);
        }
        hasStale |= isForBefore;
        if (isForBefore && !isForThis) {
            return;
        }
        for (int i = 0; i < size; i++) {
            if (states[i] == OPEN) {
                states[i] = ENDED;
                answers.end(places[i], new Outcome.Failure(refusal));
            }
        }
        open = 0;
    }

    /**
     * The request that the prediction is for, most likely {@code likely}; -1 if it is one of the batch before.
     *
     * @throws WireException if it is none of them
     */
    private int found(int likely) throws WireException {
        if (likely < size && isOpen(likely)) {
            return likely;
        }
        for (int i = 0; i < size; i++) {
            if (isOpen(i)) {
                return i;
            }
        }
        for (int i = 0; i < sizeBefore; i++) {
            if (prediction.id.is(idsBefore[i])) {
                return -1;
            }
        }
        String id = prediction.id.toString();
        throw new WireException("request id: '" + id.substring(0, Math.min(id.length(), LONGEST_SHOWN))
                + "' (expected: one of " + open + " that are not answered yet, once)");
    }

    private boolean isOpen(int at) {
        return states[at] != ENDED && kinds[at] == NOTHING && prediction.id.is(ids[at]);
    }
}
