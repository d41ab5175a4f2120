// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.torchserve.rest.ModelHandlers;
import dev.sluice.server.protocol.torchserve.rest.PingHandler;
import dev.sluice.server.protocol.torchserve.rest.PredictionHandler;
import dev.sluice.server.protocol.torchserve.rest.RegisterHandler;
import dev.sluice.server.protocol.torchserve.rest.SchedulingHeaders;
import dev.sluice.server.protocol.torchserve.rest.TorchServeErrors;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The REST interface of TorchServe 0.12.
 *
 * <p><b>Source:</b> torchserve.md sections 1.2 and 2.1.
 */
public final class TorchServeProtocol implements Protocol {
    /** The original looks at no method on the inference side, but leaves OPTIONS to API descriptions. */
    private static final Set<String> ANY_BUT_OPTIONS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");

    private static final Set<String> ANY = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private final ErrorMapper errors = new TorchServeErrors();
    private final SchedulingHeaders scheduling;
    private final List<Endpoint> endpoints;

    /** One that is healthy as long as all models there are can answer. */
    public TorchServeProtocol(InferenceService service, ModelAdmin admin, TorchServeConfig config, Ticker ticker) {
        this(service, admin, config, ticker, () -> true);
    }

    /** @param nothingMissing whether every model the server needs is there, for {@code /ping} */
    public TorchServeProtocol(
            InferenceService service,
            ModelAdmin admin,
            TorchServeConfig config,
            Ticker ticker,
            BooleanSupplier nothingMissing) {
        scheduling = new SchedulingHeaders(config.requestDeadline(), config.tenantHeader());
        RestHandler predict = new PredictionHandler(service, admin, scheduling, ticker);
        RestHandler register = new RegisterHandler(admin, config.modelApiEnabled());
        ModelHandlers models = new ModelHandlers(admin, config.modelApiEnabled());
        this.endpoints = List.of(
                inference(ANY, "/ping/{rest...}", new PingHandler(admin, nothingMissing)),
                inference(ANY_BUT_OPTIONS, "/predictions/{model}", predict),
                inference(ANY_BUT_OPTIONS, "/predictions/{model}/{version}/{extra...}", predict),
                management("GET", "/models", models::list),
                management("POST", "/models", register),
                management("GET", "/models/{model}", models::describe),
                management("GET", "/models/{model}/all", models::describeAll),
                management("GET", "/models/{model}/{version}", models::describe),
                management("PUT", "/models/{model}", models::scale),
                management("PUT", "/models/{model}/{version}", models::scale),
                management("PUT", "/models/{model}/{version}/set-default", models::setDefault),
                management("DELETE", "/models/{model}", models::unregister),
                management("DELETE", "/models/{model}/{version}", models::unregister));
    }

    private static Endpoint inference(Set<String> methods, String path, RestHandler handler) {
        return new Endpoint(Plane.INFERENCE, methods, path, handler);
    }

    private static Endpoint management(String method, String path, RestHandler handler) {
        return new Endpoint(Plane.MANAGEMENT, Set.of(method), path, handler);
    }

    /** How it reads the headers that say when a prediction is wanted: in gRPC they are metadata. */
    public SchedulingHeaders scheduling() {
        return scheduling;
    }

    @Override
    public String name() {
        return PredictionHandler.PROTOCOL;
    }

    @Override
    public List<Endpoint> endpoints() {
        return endpoints;
    }

    @Override
    public ErrorMapper errors() {
        return errors;
    }
}
