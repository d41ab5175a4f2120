// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.model.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A model behind a {@link RequestHandler}: the requests of a batch are answered one after the other, and one that fails, fails
 * alone.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> owns the model it was made of.
 */
public final class HandledModel implements LoadedModel {
    private final TensorModel model;
    private final RequestHandler handler;

    private HandledModel(TensorModel model, RequestHandler handler) {
        this.model = model;
        this.handler = handler;
    }

    /** {@code handler} in front of {@code model}. */
    public static LoadedModel of(TensorModel model, RequestHandler handler) {
        return new HandledModel(model, handler);
    }

    /** A handler that needs no model. */
    public static LoadedModel alone(Function<InferenceRequest, List<Output>> handler) {
        return new HandledModel(new NoModel(), (request, model) -> handler.apply(request));
    }

    /** Undeclared: what clients send is for the handler to understand. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        return new Handled(model.newInstance(), handler);
    }

    @Override
    public void close() {
        model.close();
    }

    private record Handled(TensorInstance model, RequestHandler handler) implements ModelInstance {
        @Override
        public void warmUp() {
            handler.warmUp(model);
        }

        @Override
        public List<Outcome> execute(Batch batch) {
            List<Outcome> outcomes = new ArrayList<>(batch.size());
            try {
                batch.requests().forEach(request -> outcomes.add(outcome(batch, request)));
                return outcomes;
            } catch (Error e) {
                outcomes.forEach(Outcome::release);
                throw e;
            }
        }

        private Outcome outcome(Batch batch, InferenceRequest request) {
            try {
                return new Outcome.Success(new InferenceResponse(batch.model(), handler.answer(request, model)));
            } catch (Exception e) {
                // Checked ones, too: handlers in other languages than Java throw them from anywhere.
                return new Outcome.Failure(RepliedModel.failure(batch, e));
            }
        }

        @Override
        public void close() {
            model.close();
        }
    }
}
