// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One version that is wanted, with all that it takes to register it again as it is.
 *
 * @param asked the wish that led to it
 * @param registration tells two registrations under one name and version apart; of one process
 */
public record DesiredVersion(
        ModelId id,
        RegisterModel asked,
        int batchSize,
        Duration maxBatchDelay,
        Duration responseTimeout,
        Duration startupTimeout,
        InstanceSpec instances,
        long registration) {
    /** Shown for a version that takes no requests; the original's. */
    private static final int QUEUE_CAPACITY = 100;

    static DesiredVersion of(ModelSpec spec, RegisterModel asked, long registration) {
        return new DesiredVersion(
                spec.id(),
                asked,
                spec.batching().maxSize(),
                spec.batching().maxDelay(),
                spec.limits().responseTimeout(),
                spec.limits().startupTimeout(),
                spec.instances(),
                registration);
    }

    DesiredVersion withInstances(InstanceSpec wanted) {
        return new DesiredVersion(
                id, asked, batchSize, maxBatchDelay, responseTimeout, startupTimeout, wanted, registration);
    }

    /** A wish for the same version that nothing can be loaded from, since its files are not there. */
    ModelSpec withoutFiles() {
        return new ModelSpec(
                id,
                asked.location(),
                new ModelFiles(Path.of(""), Optional.empty()),
                Optional.empty(),
                asked.handler().orElse(""),
                new BatchSpec(batchSize, maxBatchDelay),
                instances,
                new LimitSpec(QUEUE_CAPACITY, responseTimeout, startupTimeout),
                Map.of());
    }

    /** The wish that leads to the same version again. */
    RegisterModel again() {
        return new RegisterModel(
                asked.location(),
                Optional.of(id.name()),
                asked.handler(),
                OptionalInt.of(batchSize),
                Optional.of(maxBatchDelay),
                OptionalInt.of(instances.min()),
                Optional.of(responseTimeout),
                Optional.of(startupTimeout),
                true,
                true,
                asked.signedForS3(),
                Optional.of(new RegisterModel.Restored(asked.source(), id.version(), instances)));
    }
}
