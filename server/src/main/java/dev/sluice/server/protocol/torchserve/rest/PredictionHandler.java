// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Predictions and explanations of the model that the path names, in {@code {model}} and perhaps {@code {version}} and
 * {@code {extra...}}.
 *
 * <p><b>Source:</b> torchserve.md sections 1.2, 1.4 and 1.5.
 */
public final class PredictionHandler implements RestHandler {
    /** Name of the protocol, for metrics. */
    public static final String PROTOCOL = "torchserve";

    /** A service that is not there. */
    private static final int NOT_IMPLEMENTED = 501;

    private final Predictor predictor;
    private final PredictionStyle style;

    public PredictionHandler(Predictor predictor, PredictionStyle style) {
        this.predictor = predictor;
        this.style = style;
    }

    @Override
    public void handle(RestRequest request, RestResponder responder) {
        predict(model(request), request, responder);
    }

    static ModelRef model(RestRequest request) {
        String version = request.pathParameters().get("version");
        String name = request.pathParameter("model");
        return version == null ? ModelRef.of(name) : ModelRef.of(name, version);
    }

    /** Asks {@code model}; owns the request's body. */
    void predict(ModelRef model, RestRequest request, RestResponder responder) {
        RequestContext context;
        try {
            requireAble(model);
            context = context(request);
        } catch (RuntimeException | Error e) {
            request.body().release();
            throw e;
        }
        predict(model, inputs(request), context, request, responder);
    }

    /** Asks {@code model} with what was in the body; owns it. */
    void predict(ModelRef model, List<Input> inputs, RestRequest request, RestResponder responder) {
        RequestContext context;
        try {
            context = context(request);
        } catch (RuntimeException | Error e) {
            inputs.forEach(Input::release);
            throw e;
        }
        predict(model, inputs, context, request, responder);
    }

    private void predict(
            ModelRef model, List<Input> inputs, RequestContext context, RestRequest request, RestResponder responder) {
        InferenceRequest wanted = new InferenceRequest(model, inputs, List.of(), Map.of(), context);
        predictor
                .inference()
                .infer(
                        wanted,
                        new PredictionSink(
                                request.id(),
                                model,
                                predictor.admin(),
                                responder,
                                predictor.wire().maxResponseBytes()));
    }

    /** Handlers that run without Python only predict; it is better to say so than to predict. */
    private void requireAble(ModelRef model) {
        if (!style.explains()) {
            return;
        }
        ModelSpec spec = predictor.admin().describe(model).spec();
        if (!predictor.isAble(spec)) {
            throw ServingException.byHandler(
                    NOT_IMPLEMENTED,
                    "Handler " + spec.handler() + " of model " + model.name()
                            + " gives no explanations (expected: a model whose own handler does, or a prediction)");
        }
    }

    /** What is in the body and, for the older paths, before that in the query, unless the body has the same name. */
    List<Input> inputs(RestRequest request) {
        List<Input> body = InputCodec.decode(
                request.header("content-type").orElse(""),
                request.body(),
                predictor.wire().decodesInput());
        if (!style.takesQuery() || request.query().isEmpty()) {
            return body;
        }
        Set<String> names = body.stream().map(Input::name).collect(Collectors.toSet());
        List<Input> all = new ArrayList<>();
        request.query().forEach((name, values) -> {
            if (!names.contains(name)) {
                byte[] last = values.get(values.size() - 1).getBytes(StandardCharsets.UTF_8);
                all.add(new Input.OfContent(name, "", DataBuffer.wrap(last)));
            }
        });
        all.addAll(body);
        return all;
    }

    private RequestContext context(RestRequest request) {
        SchedulingHeaders scheduling = predictor.scheduling();
        return new RequestContext(
                request.id(),
                PROTOCOL,
                predictor.ticker().nanos(),
                scheduling.deadlineNanos(request),
                headers(request),
                request.cancellation(),
                scheduling.tenant(request),
                scheduling.priority(request),
                scheduling.sequence(request));
    }

    /** The client's headers in its own spelling, the last one of a name; then ours, so that no client can forge them. */
    private Map<String, String> headers(RestRequest request) {
        Map<String, String> headers = new LinkedHashMap<>();
        request.headers().forEach(header -> headers.put(header.getKey(), header.getValue()));
        if (isBodiless(request) && request.header("content-length").isEmpty()) {
            headers.put("content-length", "0");
        }
        style.addTo(headers, request.pathParameters());
        return headers;
    }

    /** Whether nothing came; a body that has been taken apart already was something. */
    private static boolean isBodiless(RestRequest request) {
        return request.body().size() == 0;
    }

    /** The text of a field, if there is one of that name that is not empty. */
    static Optional<String> field(List<Input> inputs, String name) {
        return inputs.stream()
                .filter(input -> input.name().equals(name))
                .map(input -> (Input.OfContent) input)
                .map(input -> new String(input.content().toByteArray(), StandardCharsets.UTF_8))
                .filter(text -> !text.isEmpty())
                .findFirst();
    }
}
