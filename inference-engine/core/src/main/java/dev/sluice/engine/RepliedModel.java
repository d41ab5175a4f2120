// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model behind a {@link ReplyHandler}: the requests of a batch are answered one after the other, and one that fails, fails alone.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> owns the model it was made of.
 */
public final class RepliedModel implements LoadedModel {
    private static final Logger LOG = LoggerFactory.getLogger(RepliedModel.class);

    private final TensorModel model;
    private final ReplyHandler handler;

    private RepliedModel(TensorModel model, ReplyHandler handler) {
        this.model = model;
        this.handler = handler;
    }

    /** {@code handler} in front of {@code model}. */
    public static LoadedModel of(TensorModel model, ReplyHandler handler) {
        return new RepliedModel(model, handler);
    }

    /** A handler that needs no model. */
    public static LoadedModel alone(ReplyHandler handler) {
        return new RepliedModel(new NoModel(), handler);
    }

    /** What a handler's exception becomes for the caller; the log has it in full. */
    static ServingException failure(Batch batch, Exception e) {
        if (e instanceof ServingException serving) {
            return serving;
        }
        LOG.warn("The handler of {} failed", batch.model(), e);
        return new ServingException(ErrorCode.ENGINE_FAILED, "Prediction failed", e);
    }

    /** Undeclared: what clients send is for the handler to understand. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        return new Replied(model.newInstance(), handler);
    }

    @Override
    public void close() {
        model.close();
    }

    private record Replied(TensorInstance model, ReplyHandler handler) implements StreamingInstance {
        @Override
        public void warmUp() {
            handler.warmUp(model);
        }

        @Override
        public void execute(Batch batch, BatchSink answers) {
            for (int i = 0; i < batch.size(); i++) {
                InferenceRequest request = batch.requests().get(i);
                answers.end(i, outcome(batch, request, new Parts(batch, answers, i)));
            }
        }

        private Outcome outcome(Batch batch, InferenceRequest request, ReplyParts parts) {
            try {
                return new Outcome.Success(response(batch, handler.answer(request, model, parts)));
            } catch (Exception e) {
                // Checked ones, too: handlers in other languages than Java throw them from anywhere.
                return new Outcome.Failure(failure(batch, e));
            }
        }

        @Override
        public void close() {
            model.close();
        }
    }

    private static InferenceResponse response(Batch batch, Reply reply) {
        return new InferenceResponse(batch.model(), reply.outputs(), reply.details());
    }

    /** Those of one request. */
    private record Parts(Batch batch, BatchSink answers, int index) implements ReplyParts {
        @Override
        public void send(Reply part) {
            answers.part(index, response(batch, part));
        }

        @Override
        public boolean isWanted() {
            return answers.isWanted(index);
        }
    }
}
