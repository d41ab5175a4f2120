// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.InferenceRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A worker that takes a batch, answers it, and takes the next. The thread that calls it writes to the worker and waits for the answers
 * itself.
 *
 * <p><b>Threads:</b> as its contract says.
 */
final class PythonInstance extends WorkerInstance implements StreamingInstance {
    private final BatchReplies replies;

    /** The instance's thread: the numbers from 0 on. */
    private int[] places = new int[0];

    PythonInstance(Worker worker, Setup setup) {
        super(worker, setup);
        this.replies = new BatchReplies(outcomes());
    }

    @Override
    public void execute(Batch batch, BatchSink answers) {
        List<InferenceRequest> requests = batch.requests();
        count(requests.size());
        if (isOfOneKind(requests)) {
            call(requests, numbers(requests.size()), answers);
            return;
        }
        List<Integer> predictions = new ArrayList<>();
        List<Integer> explanations = new ArrayList<>();
        List<List<Integer>> groups = new ArrayList<>(List.of(predictions, explanations));
        for (int i = 0; i < requests.size(); i++) {
            switch (Kind.of(requests.get(i))) {
                case PREDICTION -> predictions.add(i);
                case EXPLANATION -> explanations.add(i);
                case DESCRIPTION -> groups.add(List.of(i));
            }
        }
        for (List<Integer> group : groups) {
            if (!group.isEmpty()) {
                call(
                        group.stream().map(requests::get).toList(),
                        group.stream().mapToInt(Integer::intValue).toArray(),
                        answers);
            }
        }
    }

    private static boolean isOfOneKind(List<InferenceRequest> requests) {
        Kind first = Kind.of(requests.get(0));
        for (int i = 1; i < requests.size(); i++) {
            if (first == Kind.DESCRIPTION || Kind.of(requests.get(i)) != first) {
                return false;
            }
        }
        return true;
    }

    private int[] numbers(int count) {
        if (places.length < count) {
            places = new int[count];
            for (int i = 0; i < count; i++) {
                places[i] = i;
            }
        }
        return places;
    }

    private void call(List<InferenceRequest> requests, int[] at, BatchSink answers) {
        try {
            send(to -> write(to, requests));
            replies.begin(requests);
            ReplyReader reader = worker().main().reader();
            replies.read(reader, requests, at, answers);
            if (replies.hasStale() || reader.hasMore()) {
                // Its answers so far were sound; there will be no more of them.
                var unused = worker().lost(new WireException("an answer that nobody asked for"));
            }
        } catch (IOException | RuntimeException | Error e) {
            // After half a message neither side knows what the next byte means.
            throw worker().lost(e);
        }
    }

    private void write(FrameWriter to, List<InferenceRequest> requests) {
        encoder().begin(to);
        for (int i = 0; i < requests.size(); i++) {
            InferenceRequest request = requests.get(i);
            encoder().put(to, request.context().requestId(), request);
        }
        encoder().end(to);
    }
}
