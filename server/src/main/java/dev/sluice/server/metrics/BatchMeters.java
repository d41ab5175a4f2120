// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.model.ModelId;
import dev.sluice.scheduling.CloseReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Batches: {@code sluice_request_queue_seconds} (of the oldest request in each), {@code sluice_inference_seconds},
 * {@code sluice_batch_size}, {@code sluice_batch_padding_rows_total} and {@code sluice_batch_close_reason_total}; and
 * {@code sluice_instances_replaced_total}.
 *
 * <p>A version that is gone may still run what it had taken. That is recorded while its series are there, and makes none anew.
 *
 * <p>Source: batching-and-scheduling.md section 20.
 *
 * <p><b>Threads:</b> recording is safe from any thread and only adds, once a version's series are there.
 */
final class BatchMeters {
    private record Meters(
            Timer queue,
            Timer inference,
            DistributionSummary size,
            Counter padding,
            Map<CloseReason, Counter> closed,
            Counter replaced) {
        Stream<Meter> all() {
            return Stream.concat(Stream.of(queue, inference, size, padding, replaced), closed.values().stream());
        }
    }

    private final MeterRegistry registry;
    private final Predicate<ModelId> isRegistered;
    private final ConcurrentHashMap<ModelId, Meters> byModel = new ConcurrentHashMap<>();

    BatchMeters(MeterRegistry registry, Predicate<ModelId> isRegistered) {
        this.registry = registry;
        this.isRegistered = isRegistered;
    }

    void executed(ModelId model, int size, long queueNanos, long computeNanos) {
        Meters meters = metersOf(model);
        if (meters == null) {
            return;
        }
        meters.queue().record(queueNanos, TimeUnit.NANOSECONDS);
        meters.inference().record(computeNanos, TimeUnit.NANOSECONDS);
        meters.size().record(size);
    }

    /** A step counts as a batch; only those that joined for it had waited. */
    void stepped(ModelId model, int size, int joined, long queueNanos, long computeNanos) {
        Meters meters = metersOf(model);
        if (meters == null) {
            return;
        }
        if (joined > 0) {
            meters.queue().record(queueNanos, TimeUnit.NANOSECONDS);
        }
        meters.inference().record(computeNanos, TimeUnit.NANOSECONDS);
        meters.size().record(size);
    }

    void padded(ModelId model, int rows) {
        Meters meters = metersOf(model);
        if (meters != null) {
            meters.padding().increment(rows);
        }
    }

    void formed(ModelId model, CloseReason reason) {
        Meters meters = metersOf(model);
        Counter counter = meters == null ? null : meters.closed().get(reason);
        if (counter != null) {
            counter.increment();
        }
    }

    void replaced(ModelId model) {
        Meters meters = metersOf(model);
        if (meters != null) {
            meters.replaced().increment();
        }
    }

    /** Makes the series of a version before its first batch, so that they start at zero. */
    void expect(ModelId model) {
        Meters unused = byModel.computeIfAbsent(model, this::newMeters);
    }

    /** Null for a version that is gone and has been forgotten. */
    private @Nullable Meters metersOf(ModelId model) {
        Meters known = byModel.get(model);
        if (known != null || !isRegistered.test(model)) {
            return known;
        }
        return byModel.computeIfAbsent(model, this::newMeters);
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
                        .register(registry),
                closed(model),
                Counter.builder("sluice.instances.replaced")
                        .description("Instances that broke or hung, and had another take their place.")
                        .tag("model", model.name())
                        .tag("version", model.version())
                        .register(registry));
    }

    private Map<CloseReason, Counter> closed(ModelId model) {
        Map<CloseReason, Counter> closed = new EnumMap<>(CloseReason.class);
        for (CloseReason reason : CloseReason.values()) {
            closed.put(
                    reason,
                    Counter.builder("sluice.batch.close.reason")
                            .description("Batches by why they did not wait for more requests.")
                            .tag("model", model.name())
                            .tag("version", model.version())
                            .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        return closed;
    }

    /** Removes what belongs to a version that is gone. */
    void forget(ModelId model) {
        Meters gone = byModel.remove(model);
        if (gone != null) {
            gone.all().forEach(this::remove);
        }
    }

    /** Removes what belongs to versions that came and went between two readings. */
    void forgetAllBut(Set<ModelId> registered) {
        byModel.keySet().stream().filter(model -> !registered.contains(model)).forEach(this::forget);
    }

    private void remove(Meter meter) {
        Meter unused = registry.remove(meter);
    }
}
