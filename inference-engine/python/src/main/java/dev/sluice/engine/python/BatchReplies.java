// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.util.List;

/**
 * Waits for the replies to one message and hands each request its own. Requests are told apart by their ids; of those that share one, the
 * first that is still open is meant.
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

    private final Outcomes outcomes;
    private final Prediction prediction = new Prediction();

    /** Whoever calls the worker, as all fields below: how it stands with each request of the batch. */
    private byte[] states = new byte[8];

    /** Ids of the batch, and of the one before. */
    private String[] ids = new String[8];

    private String[] idsBefore = new String[8];
    private int size;
    private int sizeBefore;

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
        states = states.length >= size ? states : new byte[2 * size];
        for (int i = 0; i < size; i++) {
            ids[i] = requests.get(i).context().requestId();
            states[i] = OPEN;
        }
    }

    /** Whether the worker answered something twice; it cannot be trusted then. */
    boolean hasStale() {
        return hasStale;
    }

    /**
     * Reads replies until each request has ended, or the worker has said all it will say.
     *
     * @param requests those of the batch
     * @param places where they are in {@code answers}
     */
    void read(ReplyReader reader, List<InferenceRequest> requests, int[] places, BatchSink answers)
            throws IOException {
        while (open > 0) {
            int code = reader.code();
            boolean isOver = Outcomes.isFine(code)
                    ? readPredictions(reader, requests, places, answers)
                    : readRefusal(reader, code, places, answers);
            if (isOver) {
                return;
            }
        }
    }

    /** @return whether it was the last reply, though some may not have ended */
    private boolean readPredictions(
            ReplyReader reader, List<InferenceRequest> requests, int[] places, BatchSink answers) throws IOException {
        boolean hasMore = false;
        boolean isStale = false;
        int likely = 0;
        while (reader.next(prediction)) {
            int at = found(likely);
            reader.read(prediction);
            if (at < 0) {
                prediction.drop();
                isStale = true;
            } else {
                hasMore |= hand(at, places[at], RequestEncoder.hasTensors(requests.get(at)), answers);
                likely = at + 1;
            }
        }
        hasStale |= isStale;
        return !hasMore && !isStale;
    }

    /** @return whether more will follow for this request */
    private boolean hand(int at, int place, boolean hadTensors, BatchSink answers) {
        boolean hasMore = prediction.takeHasMore();
        if (states[at] == GIVEN_UP) {
            prediction.drop();
        } else {
            Outcome outcome = outcomes.of(prediction, hadTensors);
            if (hasMore && outcome instanceof Outcome.Success success) {
                answers.part(place, success.response());
                return true;
            }
            states[at] = GIVEN_UP;
            answers.end(place, outcome);
        }
        if (!hasMore) {
            states[at] = ENDED;
            open--;
        }
        return hasMore;
    }

    /** @return whether it was for this batch, which is over then */
    private boolean readRefusal(ReplyReader reader, int code, int[] places, BatchSink answers) throws IOException {
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
            return false;
        }
        for (int i = 0; i < size; i++) {
            if (states[i] == OPEN) {
                states[i] = ENDED;
                answers.end(places[i], new Outcome.Failure(refusal));
            }
        }
        open = 0;
        return true;
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
                + "' (expected: one of " + open + " that are not answered yet)");
    }

    private boolean isOpen(int at) {
        return states[at] != ENDED && prediction.id.is(ids[at]);
    }
}
