// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.lifecycle.ModelState;
import dev.sluice.lifecycle.ModelVersion;
import dev.sluice.model.ModelId;
import dev.sluice.scheduling.InstanceStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What each version has now: {@code sluice_queued_requests}, {@code sluice_running_requests},
 * {@code sluice_queue_capacity}, {@code sluice_instances} and {@code sluice_model_state}.
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
        List<Meter> meters = new ArrayList<>(List.of(
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
                gauge(
                        version,
                        "sluice.running.requests",
                        "Requests that were taken from the queue and have no answer yet.",
                        it -> Math.max(0, it.unanswered() - it.queue().waiting())),
                instances(version, "ready", true),
                instances(version, "starting", false)));
        for (ModelState.Kind state : ModelState.Kind.values()) {
            meters.add(state(version, state));
        }
        byModel.put(version.id(), meters);
    }

    private Meter gauge(ModelVersion version, String name, String description, ToDoubleFunction<ModelVersion> value) {
        return Gauge.builder(name, version, value)
                .description(description)
                .tag("model", version.id().name())
                .tag("version", version.id().version())
                .register(registry);
    }

    private Meter state(ModelVersion version, ModelState.Kind state) {
        return Gauge.builder("sluice.model.state", version, it -> it.state().kind() == state ? 1 : 0)
                .description("1 for the state the version is in, 0 for the others.")
                .tag("model", version.id().name())
                .tag("version", version.id().version())
                .tag("state", state.name().toLowerCase(Locale.ROOT))
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
