// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.ModelRef;
import dev.sluice.model.VersionSelector;
import dev.sluice.serving.ModelAdmin;

/** The sentence that clients wait for, quote and all, when a model has no workers. */
public final class UnavailableModel {
    private UnavailableModel() {}

    /** {@code failure} in the original's words if {@code model} has no workers; else as it is. */
    public static ServingException worded(ServingException failure, ModelRef model, ModelAdmin admin) {
        if (failure.code() != ErrorCode.MODEL_UNAVAILABLE || !hasNoInstances(model, admin)) {
            return failure;
        }
        String version = model.selector() instanceof VersionSelector.Exact exact
                ? model.name() + "\" Version " + exact.version()
                : model.name();
        return new ServingException(
                failure.code(),
                "Model \"" + version
                        + "\" has no worker to serve inference request. Please use scale workers API to add workers."
                        + " If this is a sequence inference, please check if it is closed, or expired;"
                        + " or exceeds maxSequenceJobQueueSize");
    }

    private static boolean hasNoInstances(ModelRef model, ModelAdmin admin) {
        try {
            return admin.describe(model).state() == ModelState.Kind.WANTED;
        } catch (ServingException e) {
            // Unregistered since.
            return false;
        }
    }
}
