// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelStatus;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.LongUnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Management calls on models that are there: list, describe all, scale, set-default, unregister.
 *
 * <p><b>Source:</b> torchserve.md sections 2.4 to 2.7.
 */
public final class ModelHandlers {
    /** What the original says when it goes on after answering. */
    static final String PROCESSING = "Processing worker updates...";

    /** What the original says when fewer run than were wanted. */
    static final String SCALING = "Workers scaling in progress...";

    /** Most instances one call may ask for; more is a slip of the finger, and each takes a thread. */
    static final int MAX_INSTANCES = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(ModelHandlers.class);
    private static final int MAX_PAGE = 100;

    private final ModelAdmin admin;
    private final boolean enabled;
    private final ModelDescriptions descriptions;

    /**
     * Handlers for all models.
     *
     * @param enabled whether clients may unregister models
     * @param workerMemory bytes that a worker's process holds, by its id
     */
    public ModelHandlers(ModelAdmin admin, boolean enabled, LongUnaryOperator workerMemory) {
        this.admin = admin;
        this.enabled = enabled;
        this.descriptions = new ModelDescriptions(ProcessHandle.current().pid(), workerMemory);
    }

    /** {@code GET /models}: a page of names, and a token for the next one whenever the page is full. */
    public void list(RestRequest request, RestResponder responder) {
        Parameters parameters = released(request);
        int asked = parameters.integer("limit").orElse(MAX_PAGE);
        int limit = asked < 0 || asked > MAX_PAGE ? MAX_PAGE : asked;
        int offset = Math.max(0, parameters.integer("next_page_token").orElse(0));
        List<ModelStatus> all = admin.list();
        ObjectNode page = WireJson.object();
        if ((long) offset + limit <= all.size()) {
            page.put("nextPageToken", String.valueOf(offset + limit));
        }
        ArrayNode models = page.putArray("models");
        all.stream()
                .skip(offset)
                .limit(limit)
                .forEach(model -> models.addObject()
                        .put("modelName", model.spec().id().name())
                        .put("modelUrl", model.spec().location()));
        responder.respond(Replies.json(request.id(), 200, page));
    }

    /** {@code GET /models/{model}/all}. */
    public void describeAll(RestRequest request, RestResponder responder) {
        request.body().release();
        List<ModelStatus> all = admin.describeAll(request.pathParameter("model"));
        responder.respond(Replies.json(request.id(), 200, descriptions.of(all)));
    }

    /** {@code PUT /models/{model}} and {@code PUT /models/{model}/{version}}. */
    public void scale(RestRequest request, RestResponder responder) {
        Parameters parameters = released(request);
        Optional<String> version = version(request).or(() -> parameters.name("model_version"));
        InstanceSpec wanted = wanted(parameters);
        // Throws for an unknown model, which a client that does not wait for the change is told all the same.
        ModelRef model = admin.describe(ref(request, version)).spec().ref();
        if (parameters.isTrue("synchronous", false)) {
            CompletionStage<?> unused = admin.scale(model, wanted)
                    .whenComplete((status, failure) -> responder.respond(
                            failure == null
                                    ? scaled(status, wanted, request, version)
                                    : WorkerFailure.notStarted(
                                            request.id(), request.pathParameter("model"), version, failure)));
            return;
        }
        // What is answered has been written down.
        CompletionStage<?> unused = admin.startScaling(model, wanted)
                .whenComplete((scaling, failure) -> responder.respond(
                        failure == null
                                ? Replies.status(request.id(), 202, PROCESSING)
                                : WorkerFailure.reply(request.id(), failure)))
                .thenCompose(ModelAdmin.Scaling::done)
                .whenComplete((status, failure) -> {
                    if (failure != null) {
                        LOG.warn("Scaling {} in the background failed", request.path(), failure);
                    }
                });
    }

    /** Some may have failed since they started. */
    private static RestResponse scaled(
            ModelStatus status, InstanceSpec wanted, RestRequest request, Optional<String> version) {
        return ready(status) < wanted.min()
                ? Replies.status(request.id(), 206, SCALING)
                : Replies.status(request.id(), 200, scaledText(request, wanted, version));
    }

    private static long ready(ModelStatus status) {
        return status.instances().stream().filter(InstanceStatus::ready).count();
    }

    /** Whether that many instances of a version that has just started run; also if the version is gone already. */
    static boolean areReady(ModelAdmin admin, ModelRef version, int wanted) {
        try {
            return ready(admin.describe(version)) >= wanted;
        } catch (ServingException e) {
            return true;
        }
    }

    private static InstanceSpec wanted(Parameters parameters) {
        int min =
                Parameters.within("min_worker", parameters.integer("min_worker").orElse(1), 0, MAX_INSTANCES);
        int max = parameters.integer("max_worker").orElse(min);
        if (max < min) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "max_worker cannot be less than min_worker.");
        }
        return new InstanceSpec(min, max);
    }

    private static String scaledText(RestRequest request, InstanceSpec wanted, Optional<String> version) {
        return "Workers scaled to " + wanted.min() + " for model: " + request.pathParameter("model")
                + version.map(v -> ", version: " + v).orElse("");
    }

    /** {@code PUT /models/{model}/{version}/set-default}. */
    public void setDefault(RestRequest request, RestResponder responder) {
        request.body().release();
        ModelId id = new ModelId(request.pathParameter("model"), request.pathParameter("version"));
        CompletionStage<?> unused = admin.setDefault(id)
                .whenComplete((done, failure) -> responder.respond(
                        failure == null
                                ? Replies.status(
                                        request.id(),
                                        200,
                                        "Default version successfully updated for model \"" + id.name() + "\" to \""
                                                + id.version() + "\"")
                                : WorkerFailure.reply(request.id(), reworded(id, WorkerFailure.cause(failure)))));
    }

    /** The original words an unknown version differently here than everywhere else. */
    private static ServingException reworded(ModelId id, ServingException failure) {
        return failure.code() == ErrorCode.VERSION_NOT_FOUND
                ? new ServingException(
                        failure.code(),
                        "Model version " + id.version() + " does not exist for model " + id.name(),
                        failure)
                : failure;
    }

    /** {@code DELETE /models/{model}} and {@code DELETE /models/{model}/{version}}. */
    public void unregister(RestRequest request, RestResponder responder) {
        request.body().release();
        if (!enabled) {
            throw new ServingException(ErrorCode.NOT_ALLOWED, "The model API is switched off");
        }
        ModelRef ref = ref(request, version(request));
        CompletionStage<?> unused = admin.unregister(ref)
                .whenComplete((done, failure) -> responder.respond(
                        failure == null
                                ? Replies.status(request.id(), 200, "Model \"" + ref.name() + "\" unregistered")
                                : WorkerFailure.reply(request.id(), failure)));
    }

    private static Parameters released(RestRequest request) {
        request.body().release();
        return Parameters.ofQuery(request);
    }

    private static Optional<String> version(RestRequest request) {
        return Optional.ofNullable(request.pathParameters().get("version"));
    }

    private static ModelRef ref(RestRequest request, Optional<String> version) {
        String name = request.pathParameter("model");
        return version.map(v -> ModelRef.of(name, v)).orElseGet(() -> ModelRef.of(name));
    }
}
