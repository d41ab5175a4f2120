// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.server.protocol.torchserve.rest.PredictionHandler;
import dev.sluice.server.protocol.torchserve.rest.SchedulingHeaders;
import dev.sluice.server.protocol.torchserve.rest.Workerless;
import dev.sluice.serving.ModelAdmin;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns messages into requests to the core.
 *
 * <p><b>Threads:</b> safe from any thread; does not block.
 *
 * @param inference for messages, whose envelopes it opens if there are any
 * @param maxAnswerBytes most that one message of an answer may carry
 */
record Predictor(Inference inference, ModelAdmin admin, SchedulingHeaders scheduling, int maxAnswerBytes) {
    /**
     * Has {@code message} answered to {@code client}, now or later.
     *
     * <p><b>Ownership:</b> takes the message, always.
     *
     * @param requestId unique
     * @param first headers of the message itself
     */
    void predict(
            String requestId,
            PredictionMessage message,
            List<Map.Entry<String, String>> first,
            CallScope scope,
            Cancellation cancellation,
            AnswerSink.Client client) {
        if (message.fault().isPresent()) {
            client.refuse(Refusal.ofPrediction(message.fault().get()));
            return;
        }
        if (message.model().isEmpty()) {
            message.release();
            client.refuse(Refusal.NO_MODEL_NAME);
            return;
        }
        ModelRef model = model(message);
        RequestContext context;
        try {
            context = context(requestId, own(message, first), scope, cancellation);
        } catch (RuntimeException | Error e) {
            message.release();
            client.refuse(Refusal.ofPrediction(ServingException.from(e)));
            return;
        }
        inference.infer(
                new InferenceRequest(model, message.inputs(), List.of(), Map.of(), context),
                new AnswerSink(client, maxAnswerBytes, failure -> Workerless.worded(failure, model, admin)));
    }

    /** Whether an input of that name says where a sequence begins or ends. */
    boolean isSequenceFlag(String input) {
        return input.equals(scheduling.names().start())
                || input.equals(scheduling.names().end());
    }

    static ModelRef model(PredictionMessage message) {
        return message.version().isEmpty()
                ? ModelRef.of(message.model())
                : ModelRef.of(message.model(), message.version());
    }

    private List<Map.Entry<String, String>> own(PredictionMessage message, List<Map.Entry<String, String>> first) {
        List<Map.Entry<String, String>> own = new ArrayList<>(first);
        if (!message.sequenceId().isEmpty()) {
            own.add(Map.entry(scheduling.names().id(), message.sequenceId()));
        }
        return own;
    }

    /**
     * What goes along with one request.
     *
     * @param own headers that count more than those of the call
     */
    RequestContext context(
            String requestId, List<Map.Entry<String, String>> own, CallScope scope, Cancellation cancellation) {
        RestRequest request = scope.request(requestId, own, cancellation);
        return new RequestContext(
                request.id(),
                PredictionHandler.PROTOCOL,
                request.receivedNanos(),
                scope.earlier(scheduling.deadlineNanos(request)),
                headers(request),
                cancellation,
                scheduling.tenant(request),
                scheduling.priority(request),
                scheduling.sequence(request));
    }

    /** The client's metadata, the message's own headers, then ours, so that no client can forge them. */
    private static Map<String, String> headers(RestRequest request) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Map.Entry<String, String> header : request.headers()) {
            headers.putIfAbsent(header.getKey(), header.getValue());
        }
        headers.put("url_path", "");
        headers.put("explain", "False");
        return headers;
    }
}
