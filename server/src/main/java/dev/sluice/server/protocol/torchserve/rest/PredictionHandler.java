// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelRef;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Predictions: {@code /predictions/{model}[/{version}[/{extra...}]]}.
 *
 * <p><b>Source:</b> torchserve.md sections 1.4 and 1.5.
 */
public final class PredictionHandler implements RestHandler {
    /** Name of the protocol, for metrics. */
    public static final String PROTOCOL = "torchserve";

    private final InferenceService service;
    private final ModelAdmin admin;
    private final SchedulingHeaders scheduling;
    private final Ticker ticker;

    public PredictionHandler(InferenceService service, ModelAdmin admin, SchedulingHeaders scheduling, Ticker ticker) {
        this.service = service;
        this.admin = admin;
        this.scheduling = scheduling;
        this.ticker = ticker;
    }

    @Override
    public void handle(RestRequest request, RestResponder responder) {
        Optional<String> version = Optional.ofNullable(request.pathParameters().get("version"));
        String name = request.pathParameter("model");
        ModelRef model = version.map(v -> ModelRef.of(name, v)).orElseGet(() -> ModelRef.of(name));
        boolean bodiless = request.body().size() == 0;
        RequestContext context = context(request, bodiless);
        List<Input> inputs = InputCodec.decode(request.header("content-type").orElse(""), request.body());
        InferenceRequest wanted = new InferenceRequest(model, inputs, List.of(), Map.of(), context);
        service.infer(wanted, new PredictionSink(request.id(), model, admin, responder));
    }

    private RequestContext context(RestRequest request, boolean bodiless) {
        try {
            return new RequestContext(
                    request.id(),
                    PROTOCOL,
                    ticker.nanos(),
                    scheduling.deadlineNanos(request),
                    headers(request, bodiless),
                    request.cancellation(),
                    scheduling.tenant(request),
                    scheduling.priority(request),
                    scheduling.sequence(request));
        } catch (RuntimeException | Error e) {
            request.body().release();
            throw e;
        }
    }

    /** The client's headers in its own spelling, the last one of a name; then ours, so that no client can forge them. */
    private static Map<String, String> headers(RestRequest request, boolean bodiless) {
        Map<String, String> headers = new LinkedHashMap<>();
        request.headers().forEach(header -> headers.put(header.getKey(), header.getValue()));
        if (bodiless && request.header("content-length").isEmpty()) {
            headers.put("content-length", "0");
        }
        headers.put("url_path", request.pathParameters().getOrDefault("extra", ""));
        headers.put("explain", "False");
        return headers;
    }
}
