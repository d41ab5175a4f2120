// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.lifecycle.ModelVersion;
import dev.sluice.model.ModelId;
import dev.sluice.scheduling.InstanceStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What each version has now: {@code sluice_queued_requests}, {@code sluice_queue_capacity} and {@code sluice_instances}.
 *
 * <p><b>Threads:</b> guarded by the caller, {@link ServerMetrics}; the gauges themselves are read by whoever scrapes.
 */
final class ModelGauges {
    private final MeterRegistry registry;
    private final Map<ModelId, List<Meter>> byModel = new HashMap<>();

    ModelGauges(MeterRegistry registry) {
        this.registry = registry;
    }

    void add(ModelVersion version) {
        byModel.put(
                version.id(),
                List.of(
                        gauge(
                                version,
                                "sluice.queued.requests",
                                "Requests that wait.",
                                queue -> queue.queue().waiting()),
                        gauge(
                                version,
                                "sluice.queue.capacity",
                                "Requests that may wait.",
                                queue -> queue.queue().capacity()),
                        instances(version, "ready", true),
                        instances(version, "starting", false)));
    }

    private Meter gauge(ModelVersion version, String name, String description, ToDoubleFunction<ModelVersion> value) {
        return Gauge.builder(name, version, value)
                .description(description)
                .tag("model", version.id().name())
                .tag("version", version.id().version())
                .register(registry);
    }

    private Meter instances(ModelVersion version, String state, boolean ready) {
        return Gauge.builder(
                        "sluice.instances",
                        version,
                        it -> it.instances().stream()
                                .map(InstanceStatus::ready)
                                .filter(is -> is == ready)
                                .count())
                .description("Instances, by state.")
                .tag("model", version.id().name())
                .tag("version", version.id().version())
                .tag("state", state)
                .register(registry);
    }

    void forget(ModelId model) {
        byModel.getOrDefault(model, List.of()).forEach(this::remove);
        byModel.remove(model);
    }

    private void remove(Meter meter) {
        Meter unused = registry.remove(meter);
    }
}
