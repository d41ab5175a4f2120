// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Puts the parts of each answer of a batch together.
 *
 * <p><b>Threads:</b> as its contract says; {@link #await} on the thread that runs the batch.
 */
final class WholeAnswers implements BatchSink {
    private static final long LONGEST_WAIT_MINUTES = 1;

    private final Batch batch;
    private final List<List<Output>> outputs = new ArrayList<>();
    private final List<CompletableFuture<Outcome>> ends = new ArrayList<>();

    WholeAnswers(Batch batch) {
        this.batch = batch;
        for (int i = 0; i < batch.size(); i++) {
            outputs.add(new ArrayList<>());
            ends.add(new CompletableFuture<>());
        }
    }

    @Override
    public void part(int index, InferenceResponse part) {
        outputs.get(index).addAll(part.outputs());
    }

    @Override
    public void end(int index, Outcome outcome) {
        List<Output> parts = outputs.get(index);
        if (outcome instanceof Outcome.Success success) {
            parts.addAll(success.response().outputs());
            InferenceResponse whole = new InferenceResponse(
                    batch.model(), parts, success.response().details());
            ends.get(index).complete(new Outcome.Success(whole));
        } else {
            parts.forEach(Output::release);
            ends.get(index).complete(outcome);
        }
    }

    @Override
    public boolean isWanted(int index) {
        return !batch.requests().get(index).context().cancellation().isCancelled();
    }

    /** Runs request {@code index} alone, to its end. */
    void run(IterationEngine engine, int index) {
        try {
            engine.begin(0, batch.requests().get(index));
            while (!ends.get(index).isDone()) {
                engine.step(List.of(0), new OnlySlot(index));
            }
        } catch (RuntimeException e) {
            end(index, new Outcome.Failure(ServingException.from(e)));
        } finally {
            engine.free(0);
        }
    }

    /** Slot 0, which is all that is in work, as the request it is for. */
    private final class OnlySlot implements BatchSink {
        private final int request;

        private OnlySlot(int request) {
            this.request = request;
        }

        @Override
        public void part(int index, InferenceResponse part) {
            WholeAnswers.this.part(request, part);
        }

        @Override
        public void end(int index, Outcome outcome) {
            WholeAnswers.this.end(request, outcome);
        }

        @Override
        public boolean isWanted(int index) {
            return WholeAnswers.this.isWanted(request);
        }
    }

    List<Outcome> await() {
        return ends.stream().map(WholeAnswers::await).toList();
    }

    private static Outcome await(CompletableFuture<Outcome> end) {
        try {
            return end.get(LONGEST_WAIT_MINUTES, TimeUnit.MINUTES);
        } catch (ExecutionException | TimeoutException e) {
            return new Outcome.Failure(ServingException.from(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Failure(ServingException.from(e));
        }
    }
}
