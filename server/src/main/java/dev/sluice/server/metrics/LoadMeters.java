// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.model.ModelId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Loads of each model: {@code sluice_model_loads_total} and {@code sluice_model_load_seconds}.
 *
 * <p><b>Threads:</b> as {@link RequestMeters}.
 */
final class LoadMeters {
    private record Series(String model, boolean hasWorked) {
        String result() {
            return hasWorked ? "ok" : "failed";
        }
    }

    private record Meters(Counter count, Timer time) {}

    private final MeterRegistry registry;
    private final ConcurrentHashMap<Series, Meters> series = new ConcurrentHashMap<>();

    LoadMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void loaded(ModelId model, boolean hasWorked, long nanos) {
        Meters meters = meters(new Series(model.name(), hasWorked));
        meters.count().increment();
        meters.time().record(nanos, TimeUnit.NANOSECONDS);
    }

    /** Makes the series of a model, so that they start at zero. */
    void expect(ModelId model) {
        Meters unusedWorked = meters(new Series(model.name(), true));
        Meters unusedFailed = meters(new Series(model.name(), false));
    }

    private Meters meters(Series key) {
        return series.computeIfAbsent(
                key,
                of -> new Meters(
                        Counter.builder("sluice.model.loads")
                                .description("Loads of the model, by how they ended.")
                                .tag("model", of.model())
                                .tag("result", of.result())
                                .register(registry),
                        Timer.builder("sluice.model.load")
                                .description("Time from the wish for a version to its running, or its failure.")
                                .serviceLevelObjectives(Buckets.load())
                                .tag("model", of.model())
                                .tag("result", of.result())
                                .register(registry)));
    }

    /** Removes what belongs to models that are gone. */
    void forgetAllBut(Set<String> models) {
        series.forEach((key, meters) -> {
            if (!models.contains(key.model())) {
                series.remove(key);
                Meter unusedCount = registry.remove(meters.count());
                Meter unusedTime = registry.remove(meters.time());
            }
        });
    }
}
