// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.model.ModelId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Batches: {@code sluice_request_queue_seconds} (of the oldest request in each), {@code sluice_inference_seconds},
 * {@code sluice_batch_size} and {@code sluice_batch_padding_rows_total}.
 *
 * <p><b>Threads:</b> recording is safe from any thread and only adds, once a version's series are there.
 */
final class BatchMeters {
    private record Meters(Timer queue, Timer inference, DistributionSummary size, Counter padding) {}

    private final MeterRegistry registry;
    private final ConcurrentHashMap<ModelId, Meters> byModel = new ConcurrentHashMap<>();

    BatchMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void executed(ModelId model, int size, long queueNanos, long computeNanos) {
        Meters meters = metersOf(model);
        meters.queue().record(queueNanos, TimeUnit.NANOSECONDS);
        meters.inference().record(computeNanos, TimeUnit.NANOSECONDS);
        meters.size().record(size);
    }

    /** A step counts as a batch; only those that joined for it had waited. */
    void stepped(ModelId model, int size, int joined, long queueNanos, long computeNanos) {
        Meters meters = metersOf(model);
        if (joined > 0) {
            meters.queue().record(queueNanos, TimeUnit.NANOSECONDS);
        }
        meters.inference().record(computeNanos, TimeUnit.NANOSECONDS);
        meters.size().record(size);
    }

    void padded(ModelId model, int rows) {
        metersOf(model).padding().increment(rows);
    }

    /** Makes the series of a version before its first batch, so that they start at zero. */
    void expect(ModelId model) {
        Meters unused = metersOf(model);
    }

    private Meters metersOf(ModelId model) {
        Meters known = byModel.get(model);
        return known == null ? byModel.computeIfAbsent(model, this::newMeters) : known;
    }

    private Meters newMeters(ModelId model) {
        return new Meters(
                Timer.builder("sluice.request.queue")
                        .description("Time the oldest request of each batch waited.")
                        .serviceLevelObjectives(Buckets.queue())
                        .tag("model", model.name())
                        .tag("version", model.version())
                        .register(registry),
                Timer.builder("sluice.inference")
                        .description("Time an instance took for one batch.")
                        .serviceLevelObjectives(Buckets.latency())
                        .tag("model", model.name())
                        .tag("version", model.version())
                        .register(registry),
                DistributionSummary.builder("sluice.batch.size")
                        .description("Requests in one batch.")
                        .serviceLevelObjectives(Buckets.batch())
                        .tag("model", model.name())
                        .tag("version", model.version())
                        .register(registry),
                Counter.builder("sluice.batch.padding.rows")
                        .description("Rows computed for nobody, since only some batch sizes are allowed.")
                        .tag("model", model.name())
                        .tag("version", model.version())
                        .register(registry));
    }

    /** Removes what belongs to a version that is gone. */
    void forget(ModelId model) {
        Meters gone = byModel.remove(model);
        if (gone != null) {
            Stream.of(gone.queue(), gone.inference(), gone.size(), gone.padding())
                    .forEach(this::remove);
        }
    }

    private void remove(Meter meter) {
        Meter unused = registry.remove(meter);
    }
}
