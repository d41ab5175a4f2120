// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.lifecycle.ModelVersion;
import dev.sluice.lifecycle.ModelVersions;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.CloseReason;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.server.protocol.TrafficObserver;
import dev.sluice.serving.ServingObserver;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * All meters of one server.
 *
 * <p>A label never holds what a client made up: a name or version that is not registered is recorded as {@code _unknown}.
 * The series of a version are there, at zero, from the first reading after it was registered, and gone from the first one
 * after it was removed.
 *
 * <p><b>Threads:</b> recording is safe from any thread and waits for nobody; {@link #scrape} is for one thread at a time and
 * may take milliseconds.
 */
public final class ServerMetrics implements ServingObserver, TrafficObserver, AutoCloseable {
    private static final ModelId UNKNOWN = new ModelId("_unknown", "_unknown");

    /** Of requests that are not about a model. */
    private static final ModelId NONE = new ModelId("_none", "_none");

    private static final String HTTP = "http";

    /** Of requests that no endpoint saw. */
    private static final String UNROUTED = "_unrouted";

    /** The protocol whose series are there before its first request. */
    private static final String FIRST_PROTOCOL = "torchserve";

    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private final ModelRegistry models;
    private final TraceExemplars exemplars = new TraceExemplars();
    private final PrometheusMeterRegistry meters =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new PrometheusRegistry(), Clock.SYSTEM, exemplars);
    private final RequestMeters requests = new RequestMeters(meters);
    private final RefusalMeters refusals = new RefusalMeters(meters);
    private final LoadMeters loads = new LoadMeters(meters);
    private final BatchMeters batches;
    private final ModelGauges gauges = new ModelGauges(meters);
    private final ModelMemoryMeters modelMemory = new ModelMemoryMeters(meters);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final Counter answeredTwice;

    /** Guarded by this: the versions that have series. */
    private final Map<ModelId, ModelVersion> shown = new HashMap<>();

    /** @param version of the server, for {@code sluice_build_info} */
    public ServerMetrics(ModelRegistry models, String version) {
        this.models = models;
        this.batches = new BatchMeters(meters, this::isRegistered);
        new JvmMemoryMetrics().bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        new UptimeMetrics().bindTo(meters);
        collections.bindTo(meters);
        Gauge unused = Gauge.builder("sluice.build.info", () -> 1)
                .description("Always 1; the labels tell what runs.")
                .tag("version", version)
                .tag("java", Runtime.version().toString())
                .register(meters);
        answeredTwice = Counter.builder("sluice.double.completion")
                .description("Answers to requests that had one already, dropped; must stay 0.")
                .register(meters);
    }

    /** Shows the memory of this server, too. */
    public void watch(MemoryBudget budget, MemoryLedger ledger, LongSupplier usedDirectMemory) {
        MemoryMeters.bind(meters, budget, ledger, usedDirectMemory);
    }

    /** Shows the server as a whole, too. */
    public void watch(ServerGauges server) {
        server.bind(meters);
    }

    @Override
    public void requestFinished(ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {
        ModelId asked = registered(model);
        exemplars.recording(context, () -> requests.finished(asked, context.protocol(), failure, totalNanos));
        failure.ifPresent(code -> refusals.finished(asked, code));
    }

    @Override
    public void refused(Rejection rejection) {
        requests.refused(UNKNOWN, HTTP, UNROUTED, StatusWord.of(rejection));
        refusals.refused(UNKNOWN, rejection);
    }

    @Override
    public void denied(String protocol, ErrorCode code) {
        requests.refused(UNKNOWN, protocol, UNROUTED, StatusWord.of(Optional.of(code)));
        refusals.finished(UNKNOWN, code);
    }

    @Override
    public void callEnded(String protocol, String operation, String code, long nanos) {
        requests.ended(NONE, protocol, operation, code, nanos);
    }

    @Override
    public void loaded(ModelId model, boolean hasWorked, long nanos) {
        loads.loaded(model, hasWorked, nanos);
    }

    @Override
    public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {
        batches.executed(model, size, queueNanos, computeNanos);
    }

    @Override
    public void stepExecuted(ModelId model, int size, int joined, long queueNanos, long computeNanos) {
        batches.stepped(model, size, joined, queueNanos, computeNanos);
    }

    @Override
    public void batchPadded(ModelId model, int rows) {
        batches.padded(model, rows);
    }

    @Override
    public void batchFormed(ModelId model, int rows, CloseReason reason) {
        batches.formed(model, reason);
    }

    @Override
    public void instanceReplaced(ModelId model) {
        batches.replaced(model);
    }

    @Override
    public void answeredTwice(ModelId model) {
        answeredTwice.increment();
    }

    @Override
    public void memoryMeasured(ModelId model, Moment moment, long residentBytes) {
        modelMemory.measured(model, moment, residentBytes);
    }

    private boolean isRegistered(ModelId id) {
        ModelVersions versions = models.models().get(id.name());
        return versions != null && versions.byVersion().containsKey(id.version());
    }

    private ModelId registered(ModelRef ref) {
        ModelVersions versions = models.models().get(ref.name());
        if (versions == null) {
            return UNKNOWN;
        }
        return versions.resolve(ref.selector())
                .map(wanted -> versions.byVersion().get(wanted))
                .map(ModelVersion::id)
                .orElse(UNKNOWN);
    }

    /** Everything, in Prometheus's text format 0.0.4. */
    public synchronized String scrape() {
        followRegistry();
        return meters.scrape();
    }

    /** Everything, in OpenMetrics 1.0, with exemplars. */
    public synchronized String scrapeOpenMetrics() {
        followRegistry();
        return meters.scrape(OPEN_METRICS);
    }

    /** The versions that are registered. */
    Set<ModelId> registered() {
        return models.models().values().stream()
                .flatMap(versions -> versions.byVersion().values().stream())
                .map(ModelVersion::id)
                .collect(Collectors.toSet());
    }

    private void followRegistry() {
        Map<ModelId, ModelVersion> registered = new HashMap<>();
        models.models()
                .values()
                .forEach(versions ->
                        versions.byVersion().values().forEach(version -> registered.put(version.id(), version)));
        for (Iterator<ModelVersion> i = shown.values().iterator(); i.hasNext(); ) {
            ModelVersion version = i.next();
            // Compared by identity: the same name and version registered again is another object.
            if (registered.get(version.id()) != version) {
                i.remove();
                forget(version.id());
            }
        }
        Set<ModelId> known = new HashSet<>(registered.keySet());
        batches.forgetAllBut(known);
        loads.forgetAllBut(registered.keySet().stream().map(ModelId::name).collect(Collectors.toSet()));
        known.add(UNKNOWN);
        known.add(NONE);
        requests.forgetAllBut(known);
        refusals.forgetAllBut(known);
        registered.forEach((id, version) -> {
            if (shown.putIfAbsent(id, version) == null) {
                gauges.add(version);
                batches.expect(id);
                requests.expect(id, FIRST_PROTOCOL);
                refusals.expect(id);
                loads.expect(id);
            }
        });
    }

    private void forget(ModelId id) {
        gauges.forget(id);
        batches.forget(id);
        requests.forget(id);
        refusals.forget(id);
    }

    @Override
    public void close() {
        collections.close();
        meters.close();
    }
}
