// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.Placement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a model runs and how wide its calls are: {@code sluice.devices} and {@code sluice.threads}, else the original's
 * {@code deviceType} and {@code deviceIds}, the model's own settings before the server's.
 *
 * <p>Source: torchserve.md sections 5.8 and 6.3; engines.md section 5.3 for threads.
 */
final class PlacementChoice {
    private static final Logger LOG = LoggerFactory.getLogger(PlacementChoice.class);

    private final int processors;

    PlacementChoice(int processors) {
        this.processors = processors;
    }

    Placement of(
            ModelId id,
            ModelOptions own,
            SluiceOptions ours,
            ModelOptions served,
            SluiceOptions oursServed,
            InstanceSpec instances) {
        List<Device> devices = Stream.of(ours.devices(), own.devices(), oursServed.devices(), served.devices())
                .flatMap(Optional::stream)
                .findFirst()
                .orElse(List.of());
        IntSupplier auto = () -> share(instances);
        Optional<Integer> threads = ours.threads(auto).or(() -> oursServed.threads(auto));
        threads.ifPresent(count -> warnOfCrowd(id, count, instances));
        return new Placement(devices, threads.map(OptionalInt::of).orElseGet(OptionalInt::empty));
    }

    /** One while nobody knows how many instances there will be. */
    private int share(InstanceSpec instances) {
        return instances.max() == 0 ? 1 : Math.max(1, processors / instances.max());
    }

    private void warnOfCrowd(ModelId id, int threads, InstanceSpec instances) {
        if ((long) threads * instances.max() > processors) {
            LOG.warn(
                    "Model {}: {} instances of {} threads each are more than the {} processors there are, and will wait for"
                            + " each other",
                    id,
                    instances.max(),
                    threads,
                    processors);
        }
    }
}
