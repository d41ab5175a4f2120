// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelStatus;
import java.util.function.BooleanSupplier;

/**
 * What KServe asks besides predictions: whether a model is ready, and, with the Open Inference protocol switched on, whether the
 * server is and what a model takes. A model is ready if one of its instances can answer; the original counts one that is still
 * loading, and says of the server that it is ready whatever it is.
 *
 * <p><b>Source:</b> torchserve.md section 1.10.
 */
public final class KserveHandlers {
    private static final int NOT_IMPLEMENTED = 501;

    private final ModelAdmin admin;
    private final BooleanSupplier ready;
    private final String version;

    /**
     * Handlers for all models.
     *
     * @param ready whether requests should be sent to this server
     * @param version of the server
     */
    public KserveHandlers(ModelAdmin admin, BooleanSupplier ready, String version) {
        this.admin = admin;
        this.ready = ready;
        this.version = version;
    }

    /** {@code GET /v1/models/{model}}, {@code /v2/models/{model}/ready}. */
    public void modelReady(RestRequest request, RestResponder responder) {
        request.body().release();
        ModelStatus model = model(request);
        responder.respond(Replies.json(
                request.id(),
                200,
                WireJson.object().put("name", request.pathParameter("model")).put("ready", isReady(model))));
    }

    /** {@code /v2}. */
    public void server(RestRequest request, RestResponder responder) {
        request.body().release();
        ObjectNode server = WireJson.object().put("name", "Torchserve").put("version", version);
        // The first is how the original spells it.
        server.putArray("extenstion").add("kserve").add("kubeflow");
        server.putArray("extensions").add("kserve").add("kubeflow");
        responder.respond(Replies.json(request.id(), 200, server));
    }

    /** {@code /v2/health/live}. */
    public void live(RestRequest request, RestResponder responder) {
        request.body().release();
        responder.respond(Replies.json(request.id(), 200, WireJson.object().put("live", true)));
    }

    /** {@code /v2/health/ready}, the same as {@code ServerReady} over gRPC. */
    public void ready(RestRequest request, RestResponder responder) {
        request.body().release();
        boolean isReady = ready.getAsBoolean();
        responder.respond(Replies.json(
                request.id(), isReady ? 200 : 503, WireJson.object().put("ready", isReady)));
    }

    /** {@code /v2/models/{model}}. Tensors are not declared: handlers take what they like. */
    public void metadata(RestRequest request, RestResponder responder) {
        request.body().release();
        ModelStatus model = model(request);
        ObjectNode metadata = WireJson.object().put("name", model.spec().id().name());
        admin.describeAll(model.spec().id().name())
                .forEach(each ->
                        metadata.withArray("versions").add(each.spec().id().version()));
        metadata.put("platform", model.spec().engine().orElse(model.spec().handler()));
        metadata.putArray("inputs");
        metadata.putArray("outputs");
        responder.respond(Replies.json(request.id(), 200, metadata));
    }

    /** {@code /v2/models/{model}/versions/...}, which the original does not have either. */
    public void versions(RestRequest request, RestResponder responder) {
        request.body().release();
        responder.respond(Replies.json(
                request.id(),
                NOT_IMPLEMENTED,
                WireJson.object().put("error", "Model versioning is not yet supported.")));
    }

    private ModelStatus model(RestRequest request) {
        return admin.describe(ModelRef.of(request.pathParameter("model")));
    }

    private static boolean isReady(ModelStatus model) {
        return model.instances().stream().anyMatch(InstanceStatus::ready);
    }
}
