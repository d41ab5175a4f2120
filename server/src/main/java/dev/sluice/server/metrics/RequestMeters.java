// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.inference.ErrorCode;
import dev.sluice.model.ModelId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Requests by how they ended, and how long they took: {@code sluice_requests_total} and
 * {@code sluice_request_duration_seconds}.
 *
 * <p><b>Threads:</b> recording is safe from any thread; a series is made by the first request that needs it, all later ones
 * only add.
 */
final class RequestMeters {
    private record Series(ModelId model, String protocol, String code) {}

    private record Meters(Counter count, Timer duration) {}

    private final MeterRegistry registry;
    private final ConcurrentHashMap<Series, Meters> series = new ConcurrentHashMap<>();

    RequestMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void finished(ModelId model, String protocol, Optional<ErrorCode> failure, long totalNanos) {
        Series key = new Series(model, protocol, StatusWord.of(failure));
        Meters known = series.get(key);
        Meters meters = known == null ? series.computeIfAbsent(key, this::newMeters) : known;
        meters.count().increment();
        meters.duration().record(totalNanos, TimeUnit.NANOSECONDS);
    }

    private Meters newMeters(Series key) {
        return new Meters(
                Counter.builder("sluice.requests")
                        .description("Requests that got their answer, by canonical status word.")
                        .tag("protocol", key.protocol())
                        .tag("model", key.model().name())
                        .tag("version", key.model().version())
                        .tag("code", key.code())
                        .register(registry),
                Timer.builder("sluice.request.duration")
                        .description("Time from decoding a request to its answer.")
                        .serviceLevelObjectives(Buckets.latency())
                        .tag("protocol", key.protocol())
                        .tag("model", key.model().name())
                        .tag("version", key.model().version())
                        .register(registry));
    }

    /** Removes what belongs to a version that is gone. */
    void forget(ModelId model) {
        series.forEach((key, meters) -> {
            if (key.model().equals(model)) {
                series.remove(key);
                remove(meters.count());
                remove(meters.duration());
            }
        });
    }

    /** Removes what belongs to versions that came and went between two readings. */
    void forgetAllBut(Set<ModelId> models) {
        series.keySet().stream()
                .map(Series::model)
                .filter(model -> !models.contains(model))
                .forEach(this::forget);
    }

    private void remove(Meter meter) {
        Meter unused = registry.remove(meter);
    }
}
