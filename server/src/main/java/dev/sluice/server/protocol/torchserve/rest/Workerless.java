// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.ModelRef;
import dev.sluice.model.VersionSelector;
import dev.sluice.serving.ModelAdmin;

/** The sentences clients wait for, quote and all, when a model has no workers (torchserve.md section 1.7). */
public final class Workerless {
    private static final String ADD = " request. Please use scale workers API to add workers.";

    private Workerless() {}

    /** {@code failure}, or the sentence if it comes of there being no workers. */
    public static ServingException worded(ServingException failure, ModelRef model, ModelAdmin admin) {
        if (failure.code() != ErrorCode.MODEL_UNAVAILABLE || !hasNoInstances(model, admin)) {
            return failure;
        }
        return new ServingException(
                failure.code(),
                subject(model) + " has no worker to serve inference" + ADD
                        + " If this is a sequence inference, please check if it is closed, or expired;"
                        + " or exceeds maxSequenceJobQueueSize");
    }

    /** The same for a model that was to describe itself. */
    static ServingException wordedDescribing(ServingException failure, ModelRef model, ModelAdmin admin) {
        return failure.code() == ErrorCode.MODEL_UNAVAILABLE && hasNoInstances(model, admin)
                ? describing(model)
                : failure;
    }

    static ServingException describing(ModelRef model) {
        return new ServingException(
                ErrorCode.MODEL_UNAVAILABLE, subject(model) + " has no worker to serve describe" + ADD);
    }

    private static String subject(ModelRef model) {
        return "Model \""
                + (model.selector() instanceof VersionSelector.Exact exact
                        ? model.name() + "\" Version " + exact.version()
                        : model.name())
                + "\"";
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
