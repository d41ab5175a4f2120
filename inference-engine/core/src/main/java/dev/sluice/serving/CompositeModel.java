// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.Signature;
import java.util.concurrent.Semaphore;

/**
 * A model made of calls of other models. It has no weights; its instances only start steps, and are free again before the steps
 * are over.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class CompositeModel implements LoadedModel {
    /** Name of the protocol of steps, for metrics. */
    static final String PROTOCOL = "composite";

    /** The parameter that counts the composite models a request has come through. */
    static final String DEPTH = "composite_depth";

    /** Composite models inside composite models; more is taken for a circle. */
    private static final int MOST_DEPTH = 16;

    private final CompositeGraph graph;
    private final InferenceService models;
    private final Semaphore inFlight;

    CompositeModel(CompositeGraph graph, InferenceService models) {
        this.graph = graph;
        this.models = models;
        this.inFlight = new Semaphore(graph.maxInFlight());
    }

    /** Undeclared: its first steps check what they get. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        return new Instance();
    }

    @Override
    public void close() {
        // Holds nothing: its steps belong to their models.
    }

    private static int depthOf(InferenceRequest request) {
        String before = request.parameters().getOrDefault(DEPTH, "0");
        int depth = before.matches("\\d{1,4}") ? Integer.parseInt(before) + 1 : 1;
        if (depth > MOST_DEPTH) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "composite models within each other: " + depth + " (expected: at most " + MOST_DEPTH
                            + ", and none that calls itself)");
        }
        return depth;
    }

    private ServingException tooMany(ModelId id) {
        return ServingException.refusal(
                ErrorCode.OVERLOADED,
                "Model \"" + id.name() + "\" has " + graph.maxInFlight()
                        + " requests under way, as many as it may (handler.composite.maxInFlight)");
    }

    private final class Instance implements StreamingInstance {
        @Override
        public void warmUp() {
            // The models of its steps are warm.
        }

        @Override
        public boolean answersLater() {
            return true;
        }

        /** Waits for nothing: a request beyond those that may be under way is refused. */
        @Override
        public void execute(Batch batch, BatchSink answers) {
            for (int i = 0; i < batch.size(); i++) {
                start(batch, i, answers);
            }
        }

        /** Starts one request, or fails it; the others of its batch have nothing to do with that. */
        private void start(Batch batch, int index, BatchSink answers) {
            try {
                run(batch, index, answers).start();
            } catch (RuntimeException | Error e) {
                // Nothing has started: a run that has does not throw.
                answers.end(index, new Outcome.Failure(ServingException.from(e)));
            }
        }

        private CompositeRun run(Batch batch, int index, BatchSink answers) {
            InferenceRequest request = batch.requests().get(index);
            int depth = depthOf(request);
            if (!inFlight.tryAcquire()) {
                throw tooMany(batch.model());
            }
            try {
                return new CompositeRun(batch.model(), graph, request, depth, models, outcome -> {
                    inFlight.release();
                    answers.end(index, outcome);
                });
            } catch (RuntimeException | Error e) {
                inFlight.release();
                throw e;
            }
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }
}
