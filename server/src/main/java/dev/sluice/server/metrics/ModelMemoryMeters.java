// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.lifecycle.LifecycleObserver.Moment;
import dev.sluice.model.ModelId;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The physical memory of the process around the loads and unloads of each version: {@code sluice_model_memory_bytes}. The series
 * of a version outlive it, since its last one is only known when it is gone; those of the versions measured last are kept.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class ModelMemoryMeters {
    /** Versions that have series; the one not measured for longest loses them first. */
    static final int MOST_VERSIONS = 200;

    private record Series(AtomicLong bytes, Meter meter) {}

    private final MeterRegistry registry;

    /** Guarded by this: longest unmeasured first. */
    private final LinkedHashMap<ModelId, Map<Moment, Series>> byModel = new LinkedHashMap<>();

    ModelMemoryMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    synchronized void measured(ModelId model, Moment moment, long bytes) {
        Map<Moment, Series> series = byModel.remove(model);
        if (series == null) {
            series = new EnumMap<>(Moment.class);
        }
        series.computeIfAbsent(moment, at -> newSeries(model, at)).bytes().set(bytes);
        byModel.put(model, series);
        if (byModel.size() > MOST_VERSIONS) {
            forget(byModel.keySet().iterator().next());
        }
    }

    private Series newSeries(ModelId model, Moment moment) {
        AtomicLong bytes = new AtomicLong();
        return new Series(
                bytes,
                Gauge.builder("sluice.model.memory.bytes", bytes, AtomicLong::get)
                        .description("Physical memory of the whole process when the version was loaded or unloaded.")
                        .tag("model", model.name())
                        .tag("version", model.version())
                        .tag("kind", moment.name().toLowerCase(Locale.ROOT))
                        .register(registry));
    }

    private void forget(ModelId model) {
        Map<Moment, Series> gone = byModel.remove(model);
        if (gone != null) {
            gone.values().forEach(series -> {
                Meter unused = registry.remove(series.meter());
            });
        }
    }
}
