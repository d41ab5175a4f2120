// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.RegisterModel;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registration: {@code POST /models}, with its parameters in the query or in a JSON object.
 *
 * <p><b>Source:</b> torchserve.md section 2.2.
 */
public final class RegisterHandler implements RestHandler {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterHandler.class);
    private static final Set<String> RUNTIMES = Set.of("python", "python3", "LSP");
    private static final int MAX_BATCH_SIZE = 1 << 16;

    private final ModelAdmin admin;
    private final boolean enabled;

    /**
     * A handler for all models.
     *
     * @param enabled whether clients may register models
     */
    public RegisterHandler(ModelAdmin admin, boolean enabled) {
        this.admin = admin;
        this.enabled = enabled;
    }

    @Override
    public void handle(RestRequest request, RestResponder responder) {
        if (!enabled) {
            request.body().release();
            throw new ServingException(ErrorCode.NOT_ALLOWED, "The model API is switched off");
        }
        Parameters parameters = parameters(request);
        boolean synchronous = parameters.isTrue("synchronous", true);
        CompletionStage<?> unused = admin.register(command(parameters)).whenComplete((registration, failure) -> {
            if (failure != null) {
                responder.respond(WorkerFailure.reply(request.id(), failure));
            } else {
                respond(request.id(), registration, synchronous, responder);
            }
        });
    }

    private static Parameters parameters(RestRequest request) {
        try {
            boolean json = InputCodec.mediaType(request.header("content-type").orElse(""))
                    .equals("application/json");
            return json ? Parameters.ofJson(request.body().toByteArray()) : Parameters.ofQuery(request);
        } finally {
            request.body().release();
        }
    }

    private static RegisterModel command(Parameters parameters) {
        parameters
                .text("runtime")
                .filter(runtime -> !RUNTIMES.contains(runtime))
                .ifPresent(runtime -> {
                    throw new ServingException(ErrorCode.INVALID_INPUT, "Invalid RuntimeType value: " + runtime);
                });
        return new RegisterModel(
                parameters
                        .text("url")
                        .orElseThrow(() -> new ServingException(ErrorCode.INVALID_INPUT, "Parameter url is required.")),
                parameters.name("model_name"),
                parameters.name("handler"),
                parameters.integer("batch_size", -1, 1, MAX_BATCH_SIZE),
                millis(parameters, "max_batch_delay"),
                parameters.integer("initial_workers", Integer.MIN_VALUE, 0, ModelHandlers.MAX_INSTANCES),
                seconds(parameters, "response_timeout"),
                seconds(parameters, "startup_timeout"),
                false,
                false,
                parameters.isTrue("s3_sse_kms", false));
    }

    /** A negative delay is how the original's clients say that they give none: -100 in a query, -10000 in JSON. */
    private static Optional<Duration> millis(Parameters parameters, String name) {
        return parameters.integer(name).stream()
                .filter(millis -> millis >= 0)
                .mapToObj(Duration::ofMillis)
                .findFirst();
    }

    private static Optional<Duration> seconds(Parameters parameters, String name) {
        return parameters.integer(name, -1, 1, Integer.MAX_VALUE).stream()
                .mapToObj(Duration::ofSeconds)
                .findFirst();
    }

    private void respond(
            String requestId, ModelAdmin.Registration registration, boolean synchronous, RestResponder responder) {
        ModelId id = registration.spec().id();
        int workers = registration.spec().instances().min();
        if (workers == 0) {
            responder.respond(Replies.status(
                    requestId, 200, registered(id, 0) + ". Use scale workers API to add workers for the model."));
        } else if (!synchronous) {
            responder.respond(Replies.status(requestId, 202, ModelHandlers.PROCESSING));
        }
        CompletionStage<?> unused = registration.ready().whenComplete((ready, failure) -> {
            if (failure != null) {
                LOG.warn("Model {} was registered but its workers did not start", id, failure);
            }
            if (workers > 0 && synchronous) {
                responder.respond(
                        failure == null
                                ? started(requestId, registration)
                                : WorkerFailure.notStarted(requestId, id.name(), Optional.of(id.version()), failure));
            }
        });
    }

    /** Some may have failed since they started. */
    private RestResponse started(String requestId, ModelAdmin.Registration registration) {
        int workers = registration.spec().instances().min();
        return ModelHandlers.areReady(admin, registration.spec().ref(), workers)
                ? Replies.status(requestId, 200, registered(registration.spec().id(), workers))
                : Replies.status(requestId, 206, ModelHandlers.SCALING);
    }

    private static String registered(ModelId id, int workers) {
        return "Model \"" + id.name() + "\" Version: " + id.version() + " registered with " + workers
                + " initial workers";
    }
}
