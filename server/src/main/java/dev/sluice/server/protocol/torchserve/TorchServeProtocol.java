// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.server.protocol.torchserve.rest.ApiDescriptions;
import dev.sluice.server.protocol.torchserve.rest.DescribeHandler;
import dev.sluice.server.protocol.torchserve.rest.InvocationHandler;
import dev.sluice.server.protocol.torchserve.rest.KserveHandlers;
import dev.sluice.server.protocol.torchserve.rest.ModelHandlers;
import dev.sluice.server.protocol.torchserve.rest.PingHandler;
import dev.sluice.server.protocol.torchserve.rest.PredictionHandler;
import dev.sluice.server.protocol.torchserve.rest.PredictionStyle;
import dev.sluice.server.protocol.torchserve.rest.Predictor;
import dev.sluice.server.protocol.torchserve.rest.RegisterHandler;
import dev.sluice.server.protocol.torchserve.rest.SchedulingHeaders;
import dev.sluice.server.protocol.torchserve.rest.TorchServeErrors;
import dev.sluice.serving.InferenceService;
import dev.sluice.serving.ModelAdmin;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The REST interface of TorchServe 0.12.
 *
 * <p><b>Source:</b> torchserve.md sections 1.2, 1.10, 1.11 and 2.1.
 */
public final class TorchServeProtocol implements Protocol {
    /** The original looks at no method on the inference side, but leaves OPTIONS to API descriptions. */
    private static final Set<String> ANY_BUT_OPTIONS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");

    private static final Set<String> ANY = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final Set<String> OPTIONS = Set.of("OPTIONS");

    private final ErrorMapper errors;
    private final SchedulingHeaders scheduling;
    private final ApiDescriptions descriptions;
    private final List<Endpoint> endpoints = new ArrayList<>();

    /** Of models whose requests are in no envelope. */
    public TorchServeProtocol(InferenceService service, ModelAdmin admin, TorchServeConfig config, Ticker ticker) {
        this(service::infer, service::infer, admin, config, ticker, () -> true, () -> true);
    }

    /**
     * The whole interface.
     *
     * @param predictions opens the envelopes there are
     * @param described for questions that are in none
     * @param nothingMissing whether the server has started and every model it needs is there
     * @param ready whether requests should be sent here
     */
    public TorchServeProtocol(
            Inference predictions,
            Inference described,
            ModelAdmin admin,
            TorchServeConfig config,
            Ticker ticker,
            BooleanSupplier nothingMissing,
            BooleanSupplier ready) {
        this.scheduling = new SchedulingHeaders(
                config.requestDeadline(), config.tenantHeader(), config.wire().sequenceHeaders());
        Predictor predictor =
                new Predictor(predictions, described, admin, scheduling, config.wire(), config.plainHandlers(), ticker);
        this.errors = new TorchServeErrors(config.standardAuthStatus());
        this.descriptions = new ApiDescriptions(admin, config.version());
        addPredictions(predictor, new PingHandler(admin, nothingMissing));
        addKserve(
                predictor,
                new KserveHandlers(admin, ready, config.version()),
                config.wire().openInference());
        addManagement(predictor, new ModelHandlers(admin, config.modelApiEnabled(), config.workerMemory()), config);
    }

    private void addPredictions(Predictor predictor, RestHandler ping) {
        inference(ANY, "/ping/{rest...}", ping);
        RestHandler predict = new PredictionHandler(predictor, PredictionStyle.PREDICTION);
        inference(ANY_BUT_OPTIONS, "/predictions/{model}", predict);
        inference(ANY_BUT_OPTIONS, "/predictions/{model}/{version}/{extra...}", predict);
        RestHandler explain = new PredictionHandler(predictor, PredictionStyle.EXPLANATION);
        inference(ANY_BUT_OPTIONS, "/explanations/{model}", explain);
        inference(ANY_BUT_OPTIONS, "/explanations/{model}/{version}/{extra...}", explain);
        for (String root : List.of("/predictions", "/explanations")) {
            inference(OPTIONS, root + "/{model}", descriptions::predictions);
            inference(OPTIONS, root + "/{model}/{version}/{extra...}", descriptions::predictions);
        }
        RestHandler older = new PredictionHandler(predictor, PredictionStyle.OLDER);
        inference(ANY, "/invocations/{rest...}", new InvocationHandler(predictor));
        inference(ANY, "/models/{model}/invoke", older);
        inference(ANY, "/{model}/predict", older);
        inference(ANY, "/{model}/{version}/predict", older);
    }

    private void addKserve(Predictor predictor, KserveHandlers kserve, boolean openInference) {
        RestHandler predict = new PredictionHandler(predictor, PredictionStyle.KSERVE_PREDICTION);
        RestHandler explain = new PredictionHandler(predictor, PredictionStyle.KSERVE_EXPLANATION);
        inference(ANY, "/v1/models/{model}:predict", predict);
        inference(ANY, "/v1/models/{model}:explain", explain);
        inference(ANY, "/v2/models/{model}/infer", predict);
        inference(ANY, "/v2/models/{model}/explain", explain);
        management("GET", "/v1/models/{model}", kserve::modelReady);
        if (openInference) {
            inference(ANY, "/v2", kserve::server);
            inference(ANY, "/v2/health/live", kserve::live);
            inference(ANY, "/v2/health/ready", kserve::ready);
            inference(ANY, "/v2/models/{model}", kserve::metadata);
            inference(ANY, "/v2/models/{model}/ready", kserve::modelReady);
            inference(ANY, "/v2/models/{model}/versions/{rest...}", kserve::versions);
        }
    }

    private void addManagement(Predictor predictor, ModelHandlers models, TorchServeConfig config) {
        RestHandler describe = new DescribeHandler(predictor, config.workerMemory());
        management("GET", "/models", models::list);
        management("POST", "/models", new RegisterHandler(predictor.admin(), config.modelApiEnabled()));
        management("GET", "/models/{model}", describe);
        management("GET", "/models/{model}/all", models::describeAll);
        management("GET", "/models/{model}/{version}", describe);
        management("PUT", "/models/{model}", models::scale);
        management("PUT", "/models/{model}/{version}", models::scale);
        management("PUT", "/models/{model}/{version}/set-default", models::setDefault);
        management("DELETE", "/models/{model}", models::unregister);
        management("DELETE", "/models/{model}/{version}", models::unregister);
        management("OPTIONS", "/models/{model}", descriptions::management);
    }

    private void inference(Set<String> methods, String path, RestHandler handler) {
        endpoints.add(new Endpoint(Plane.INFERENCE, methods, path, handler));
    }

    private void management(String method, String path, RestHandler handler) {
        endpoints.add(new Endpoint(Plane.MANAGEMENT, Set.of(method), path, handler));
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
        return List.copyOf(endpoints);
    }

    /** With a description of them all, which needs no token. */
    @Override
    public List<Endpoint> endpoints(Set<Plane> planes) {
        List<Endpoint> there = new ArrayList<>(Protocol.super.endpoints(planes));
        RestHandler describe = descriptions.of(planes);
        Plane plane = planes.iterator().next();
        there.add(new Endpoint(plane, OPTIONS, "/", describe, true));
        there.add(new Endpoint(plane, ANY, "/api-description", describe, true));
        return there;
    }

    @Override
    public ErrorMapper errors() {
        return errors;
    }
}
