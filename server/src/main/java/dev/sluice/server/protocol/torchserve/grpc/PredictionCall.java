// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.inference.Cancellation;
import dev.sluice.server.protocol.RequestIds;
import dev.sluice.tensor.DataBuffer;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@code Predictions} or {@code StreamPredictions}: a message in, one or more out.
 *
 * <p><b>Threads:</b> callbacks come one at a time; what goes out is {@link Outbound}'s.
 */
final class PredictionCall extends ServerCall.Listener<PredictionMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(PredictionCall.class);

    private final Predictor predictor;
    private final CallScope scope;
    private final Cancellation cancellation = new Cancellation();
    private final String requestId = RequestIds.next();
    private final Outbound out;
    private final AnswerSink.Client client;

    /** Written by callbacks: what was received and not handed on. */
    private @Nullable PredictionMessage received;

    /**
     * One that has just begun.
     *
     * @param maxWholeBytes most bytes of an answer that goes in one message
     */
    PredictionCall(
            Predictor predictor,
            CallScope scope,
            ServerCall<PredictionMessage, PredictionResponse> call,
            int maxWholeBytes) {
        this.predictor = predictor;
        this.scope = scope;
        boolean oneMessage = call.getMethodDescriptor().getType().serverSendsOneMessage();
        this.out = new Outbound(call, turn(), requestId, oneMessage, cancellation::cancel);
        this.client = oneMessage ? new WholeAnswer(out, maxWholeBytes) : new Streamed(out);
        // One more than there may be, so that another one is noticed.
        call.request(2);
    }

    static SynchronizationContext turn() {
        return new SynchronizationContext((thread, failure) -> LOG.error("A call over gRPC went wrong", failure));
    }

    /** Each piece as a message of its own. */
    private record Streamed(Outbound out) implements AnswerSink.Client {
        @Override
        public void piece(DataBuffer bytes) {
            out.send(message(bytes), bytes::release);
        }

        @Override
        public void done() {
            out.end(Status.OK);
        }

        @Override
        public void refuse(Refusal refusal) {
            out.end(refusal.status());
        }
    }

    /** A message that reads {@code bytes} when it is sent, and not after. */
    static PredictionResponse message(DataBuffer bytes) {
        return PredictionResponse.newBuilder()
                .setPrediction(UnsafeByteOperations.unsafeWrap(bytes.view()))
                .build();
    }

    @Override
    public void onMessage(PredictionMessage message) {
        PredictionMessage first = received;
        if (first == null) {
            received = message;
        } else {
            received = null;
            first.release();
            message.release();
            out.end(Status.INTERNAL.withDescription("messages: 2 (expected: 1)"));
        }
    }

    @Override
    public void onHalfClose() {
        PredictionMessage message = received;
        received = null;
        if (message == null) {
            out.end(Status.INTERNAL.withDescription("messages: 0 (expected: 1)"));
        } else {
            predictor.predict(requestId, message, List.of(), scope, cancellation, client);
        }
    }

    @Override
    public void onReady() {
        out.ready();
    }

    @Override
    public void onCancel() {
        cancellation.cancel();
        onComplete();
    }

    @Override
    public void onComplete() {
        PredictionMessage left = received;
        received = null;
        if (left != null) {
            left.release();
        }
        out.finished();
    }
}
