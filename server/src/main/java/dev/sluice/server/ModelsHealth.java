// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.transport.grpc.ServiceHealth;
import dev.sluice.serving.ModelAdmin;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What the health service over gRPC says: the server serves as long as it takes requests, a model as long as its default version has
 * an instance that can answer.
 *
 * @param serving whether the server takes requests
 */
record ModelsHealth(ModelAdmin admin, BooleanSupplier serving) implements ServiceHealth {
    @Override
    public boolean isServing() {
        return serving.getAsBoolean();
    }

    @Override
    public Optional<Boolean> isServing(String model) {
        try {
            return Optional.of(isServing()
                    && admin.describe(ModelRef.of(model)).instances().stream().anyMatch(InstanceStatus::ready));
        } catch (ServingException e) {
            return Optional.empty();
        }
    }
}
