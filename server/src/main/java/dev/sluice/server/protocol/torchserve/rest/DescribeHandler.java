// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseDetails;
import dev.sluice.model.ModelRef;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelStatus;
import dev.sluice.tensor.DataBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * {@code GET /models/{model}[/{version}]}; with {@code customized=true} the model's own handler is asked, too, and what it says is
 * embedded. A handler that only predicts says nothing, which the original shows as an empty object.
 *
 * <p><b>Source:</b> torchserve.md section 2.5.
 */
public final class DescribeHandler implements RestHandler {
    private static final TorchServeErrors ERRORS = new TorchServeErrors();

    private final Predictor predictor;
    private final ModelDescriptions descriptions;

    /** @param workerMemory bytes that a worker's process holds, by its id */
    public DescribeHandler(Predictor predictor, LongUnaryOperator workerMemory) {
        this.predictor = predictor;
        this.descriptions = new ModelDescriptions(ProcessHandle.current().pid(), workerMemory);
    }

    @Override
    public void handle(RestRequest request, RestResponder responder) {
        request.body().release();
        ModelRef model = PredictionHandler.model(request);
        ModelAdmin admin = predictor.admin();
        ModelStatus status = admin.describe(model);
        if (!Parameters.ofQuery(request).isTrue("customized", false)) {
            responder.respond(Replies.json(request.id(), 200, descriptions.of(List.of(status))));
        } else if (predictor.isAble(status.spec())) {
            ask(model, status, request, responder);
        } else if (status.instances().isEmpty()) {
            throw Workerless.describing(model);
        } else {
            responder.respond(reply(request.id(), status, Optional.of(WireJson.object()), ResponseDetails.NONE));
        }
    }

    private void ask(ModelRef model, ModelStatus status, RestRequest request, RestResponder responder) {
        Map<String, String> headers = new LinkedHashMap<>();
        request.headers().forEach(header -> headers.put(header.getKey(), header.getValue()));
        headers.put("describe", "True");
        RequestContext context = new RequestContext(
                request.id(),
                PredictionHandler.PROTOCOL,
                predictor.ticker().nanos(),
                predictor.scheduling().deadlineNanos(request),
                headers,
                request.cancellation());
        DescribeSink sink = new DescribeSink(
                (metadata, response) -> responder.respond(reply(request.id(), status, metadata, response.details())),
                failure -> responder.respond(
                        ERRORS.map(request.id(), Workerless.wordedDescribing(failure, model, predictor.admin()))));
        predictor.described().infer(new InferenceRequest(model, List.of(), List.of(), Map.of(), context), sink);
    }

    private RestResponse reply(
            String requestId, ModelStatus status, Optional<JsonNode> metadata, ResponseDetails details) {
        ArrayNode all = descriptions.of(List.of(status));
        metadata.ifPresent(said -> ((ObjectNode) all.get(0)).set("customizedMetadata", said));
        return Replies.content(requestId, "application/json", details, List.of(), DataBuffer.wrap(WireJson.print(all)));
    }
}
