// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelStatus;
import java.util.List;
import java.util.Optional;

/**
 * {@code /invocations}, as SageMaker calls it: of the model that the query names, else of the only one the server started with,
 * else of the one that a field of the body names.
 *
 * <p><b>Source:</b> torchserve.md section 1.2.
 */
public final class InvocationHandler implements RestHandler {
    private static final String NAME = "model_name";

    /** A name is no place to hide a body in. */
    private static final int LONGEST_NAME = 1024;

    private final ModelAdmin admin;
    private final PredictionHandler predictions;

    public InvocationHandler(Predictor predictor) {
        this.admin = predictor.admin();
        this.predictions = new PredictionHandler(predictor, PredictionStyle.OLDER);
    }

    @Override
    public void handle(RestRequest request, RestResponder responder) {
        Optional<String> name =
                request.queryParameter(NAME).filter(text -> !text.isEmpty()).or(this::onlyStartupModel);
        if (name.isPresent()) {
            predictions.predict(ModelRef.of(name.get()), request, responder);
            return;
        }
        List<Input> inputs = predictions.inputs(request);
        ModelRef model;
        try {
            model = ModelRef.of(named(inputs));
        } catch (RuntimeException | Error e) {
            inputs.forEach(Input::release);
            throw e;
        }
        predictions.predict(model, inputs, request, responder);
    }

    private static String named(List<Input> inputs) {
        return PredictionHandler.field(inputs, NAME)
                .filter(name -> name.length() <= LONGEST_NAME)
                .orElseThrow(() -> new ServingException(ErrorCode.INVALID_INPUT, "Parameter model_name is required."));
    }

    private Optional<String> onlyStartupModel() {
        List<ModelStatus> started =
                admin.list().stream().filter(ModelStatus::atStartup).toList();
        return started.size() == 1 ? Optional.of(started.get(0).spec().id().name()) : Optional.empty();
    }
}
