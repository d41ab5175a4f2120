// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.RequestIds;
import dev.sluice.tensor.DataBuffer;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One call of {@code StreamPredictions2}: messages of sequences in, their answers out, each when it is there. What goes wrong with
 * one message is told in a message; the stream goes on. When the client has no more to say, the call ends after the last answer.
 *
 * <p><b>Threads:</b> everything happens in the call's turn.
 *
 * <p><b>Source:</b> torchserve.md section 4.5.
 */
final class SequenceCall extends ServerCall.Listener<PredictionMessage> {
    /** Most messages taken that have no answer yet; the client's next one waits on its own side. */
    static final int MOST_UNANSWERED = 64;

    private static final int LONGEST_FLAG = 16;
    private final Predictor predictor;
    private final CallScope scope;
    private final ServerCall<PredictionMessage, PredictionResponse> call;
    private final OpenStreams streams;
    private final SynchronizationContext turn = PredictionCall.turn();
    private final Outbound out;
    private final Set<Cancellation> unanswered = new HashSet<>();

    /** Written in turn: how the call ends when everything has been answered; empty while it goes on. */
    private Optional<Status> last = Optional.empty();

    /** Written in turn: whether the call has ended. */
    private boolean over;

    SequenceCall(
            Predictor predictor,
            CallScope scope,
            ServerCall<PredictionMessage, PredictionResponse> call,
            OpenStreams streams) {
        this.predictor = predictor;
        this.scope = scope;
        this.call = call;
        this.streams = streams;
        this.out = new Outbound(call, turn, RequestIds.next(), false, this::cancelAll);
        call.request(MOST_UNANSWERED);
        streams.opened(this);
    }

    @Override
    public void onMessage(PredictionMessage message) {
        turn.execute(() -> {
            if (over || last.isPresent()) {
                message.release();
            } else {
                Cancellation cancellation = new Cancellation();
                unanswered.add(cancellation);
                predict(message, cancellation);
            }
        });
    }

    private void predict(PredictionMessage message, Cancellation cancellation) {
        Answer answer = new Answer(cancellation);
        Optional<Refusal> refusal = message.fault().isPresent() ? Optional.empty() : refusal(message);
        if (refusal.isPresent()) {
            message.release();
            answer.refuse(refusal.get());
            return;
        }
        List<Map.Entry<String, String>> flags = new ArrayList<>();
        List<Input> inputs = new ArrayList<>();
        for (Input input : message.inputs()) {
            if (predictor.isSequenceFlag(input.name()) && input instanceof Input.OfContent content) {
                flags.add(Map.entry(input.name(), flag(content.content())));
                input.release();
            } else {
                inputs.add(input);
            }
        }
        predictor.predict(
                RequestIds.next(),
                new PredictionMessage(
                        message.model(), message.version(), message.sequenceId(), inputs, message.fault()),
                flags,
                scope,
                cancellation,
                answer);
    }

    private static String flag(DataBuffer content) {
        return content.size() > LONGEST_FLAG ? "" : new String(content.toByteArray(), StandardCharsets.UTF_8);
    }

    private Optional<Refusal> refusal(PredictionMessage message) {
        if (message.model().isEmpty()) {
            return Optional.of(Refusal.NO_MODEL_NAME);
        }
        if (message.sequenceId().isEmpty()) {
            return Optional.of(
                    Refusal.of(Status.Code.INTERNAL, "BadRequestException", "Parameter sequence_id is required."));
        }
        try {
            boolean keepsSequences = predictor
                    .admin()
                    .describe(Predictor.model(message))
                    .spec()
                    .batching()
                    .sequences()
                    .isPresent();
            return keepsSequences
                    ? Optional.empty()
                    : Optional.of(Refusal.of(
                            Status.Code.FAILED_PRECONDITION,
                            "BadRequestException",
                            "Model \"" + message.model() + "\" keeps no sequences (expected: one with sequenceBatching:"
                                    + " true; Predictions and StreamPredictions take others)"));
        } catch (ServingException e) {
            return Optional.of(Refusal.ofPrediction(e));
        }
    }

    /** The answer of one message. */
    private final class Answer implements AnswerSink.Client {
        private final Cancellation cancellation;

        Answer(Cancellation cancellation) {
            this.cancellation = cancellation;
        }

        @Override
        public void piece(DataBuffer bytes) {
            out.send(PredictionCall.message(bytes), bytes::release);
        }

        @Override
        public void done() {
            // The client may send one more when it has taken this one.
            out.afterThat(() -> answered(cancellation));
        }

        @Override
        public void refuse(Refusal refusal) {
            out.send(
                    PredictionResponse.newBuilder()
                            .setStatus(refusal.asMessage())
                            .build(),
                    () -> {});
            done();
        }
    }

    private void answered(Cancellation cancellation) {
        unanswered.remove(cancellation);
        if (last.isPresent()) {
            endIfAnswered();
        } else if (!over) {
            call.request(1);
        }
    }

    @Override
    public void onHalfClose() {
        turn.execute(() -> endWith(Status.OK));
    }

    /** The server stops: what was taken is answered, nothing more is taken. */
    void leave() {
        turn.execute(() ->
                endWith(Refusal.of(Status.Code.UNAVAILABLE, "ServiceUnavailableException", "The server is stopping")
                        .status()));
    }

    private void endWith(Status status) {
        if (last.isEmpty()) {
            last = Optional.of(status);
        }
        endIfAnswered();
    }

    private void endIfAnswered() {
        if (unanswered.isEmpty() && last.isPresent()) {
            out.end(last.get());
        }
    }

    @Override
    public void onReady() {
        out.ready();
    }

    @Override
    public void onCancel() {
        onComplete();
    }

    @Override
    public void onComplete() {
        streams.closed(this);
        turn.execute(() -> {
            over = true;
            cancelAll();
        });
        out.finished();
    }

    private void cancelAll() {
        List.copyOf(unanswered).forEach(Cancellation::cancel);
    }
}
