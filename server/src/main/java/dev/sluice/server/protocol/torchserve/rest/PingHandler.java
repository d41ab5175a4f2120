// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.protocol.RestHandler;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelStatus;
import java.util.function.BooleanSupplier;

/**
 * Health: whether the default version of each model has as many ready instances as it is to have, and no model is missing
 * that the server cannot do without or has yet to start with. The original counts an instance that is still loading, or
 * failed lately, as healthy, and forgets a model that did not load; here one that cannot answer does not count.
 *
 * <p><b>Source:</b> torchserve.md section 1.3.
 */
public final class PingHandler implements RestHandler {
    private final ModelAdmin admin;
    private final BooleanSupplier nothingMissing;

    /** @param nothingMissing whether the server has started and every model it needs is there */
    public PingHandler(ModelAdmin admin, BooleanSupplier nothingMissing) {
        this.admin = admin;
        this.nothingMissing = nothingMissing;
    }

    @Override
    public void handle(RestRequest request, RestResponder responder) {
        request.body().release();
        boolean healthy = nothingMissing.getAsBoolean() && admin.list().stream().allMatch(PingHandler::isHealthy);
        responder.respond(Replies.status(request.id(), healthy ? 200 : 500, healthy ? "Healthy" : "Unhealthy"));
    }

    static boolean isHealthy(ModelStatus model) {
        long ready = model.instances().stream().filter(InstanceStatus::ready).count();
        return ready >= model.spec().instances().min();
    }
}
