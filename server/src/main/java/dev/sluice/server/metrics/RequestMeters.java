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
    /** A request to a model. */
    static final String INFER = "infer";

    private record Series(ModelId model, String protocol, String operation, String code) {}

    private record Meters(Counter count, Timer duration) {}

    private final MeterRegistry registry;
    private final ConcurrentHashMap<Series, Meters> series = new ConcurrentHashMap<>();

    RequestMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void finished(ModelId model, String protocol, Optional<ErrorCode> failure, long totalNanos) {
        ended(model, protocol, INFER, StatusWord.of(failure), totalNanos);
    }

    /** Any other request. */
    void ended(ModelId model, String protocol, String operation, String code, long totalNanos) {
        Meters meters = meters(new Series(model, protocol, operation, code));
        meters.count().increment();
        meters.duration().record(totalNanos, TimeUnit.NANOSECONDS);
    }

    /** A request that nobody looked at, so that it took no time worth measuring. */
    void refused(ModelId model, String protocol, String operation, String code) {
        meters(new Series(model, protocol, operation, code)).count().increment();
    }

    /** Makes the series of a version before its first request, so that they start at zero. */
    void expect(ModelId model, String protocol) {
        Meters unused = meters(new Series(model, protocol, INFER, StatusWord.OK));
    }

    private Meters meters(Series key) {
        Meters known = series.get(key);
        return known == null ? series.computeIfAbsent(key, this::newMeters) : known;
    }

    private Meters newMeters(Series key) {
        return new Meters(
                Counter.builder("sluice.requests")
                        .description("Requests that got their answer, by canonical status word.")
                        .tag("protocol", key.protocol())
                        .tag("operation", key.operation())
                        .tag("model", key.model().name())
                        .tag("version", key.model().version())
                        .tag("code", key.code())
                        .register(registry),
                Timer.builder("sluice.request.duration")
                        .description("Time from decoding a request to its answer.")
                        .serviceLevelObjectives(Buckets.latency())
                        .tag("protocol", key.protocol())
                        .tag("operation", key.operation())
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
