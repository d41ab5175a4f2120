// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.health.HealthReport.Phase;
import dev.sluice.server.health.Readiness;
import dev.sluice.server.transport.grpc.ServiceHealth;
import dev.sluice.serving.ModelAdmin;
import java.util.Optional;

/**
 * What the health service over gRPC says: the server serves when it is ready, a model as long as its default version has an instance
 * that can answer and the server takes requests.
 */
record ModelsHealth(ModelAdmin admin, Readiness readiness) implements ServiceHealth {
    @Override
    public boolean isServing() {
        return readiness.ready().ok();
    }

    @Override
    public Optional<Boolean> isServing(String model) {
        try {
            return Optional.of(readiness.phase() != Phase.STOPPED
                    && admin.describe(ModelRef.of(model)).instances().stream().anyMatch(InstanceStatus::ready));
        } catch (ServingException e) {
            return Optional.empty();
        }
    }
}
