// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.engine.Batch;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.VersionSelector;
import dev.sluice.server.protocol.TrafficObserver;
import dev.sluice.serving.ServingObserver;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Tells the facts of the server in the original's metrics. Calls over gRPC are measured like others, which there only REST is.
 *
 * <p><b>Source:</b> torchserve.md sections 3.4 and 3.5.
 */
public final class OriginalFacts implements ServingObserver, TrafficObserver {
    private static final String HOST = "Host";

    /** The version where none was asked for. */
    static final String NO_VERSION = "default";

    /** The level of what is about one model. */
    static final String MODEL = "Model";

    private final OriginalMetrics metrics;
    private final Predicate<ModelId> tellsItself;
    private final List<String> hostLabels;

    /** Of models of which none tells anything. */
    public OriginalFacts(OriginalMetrics metrics) {
        this(metrics, model -> false);
    }

    /** @param tellsItself whether a model's worker says how long its handler took */
    public OriginalFacts(OriginalMetrics metrics, Predicate<ModelId> tellsItself) {
        this.metrics = metrics;
        this.tellsItself = tellsItself;
        this.hostLabels = List.of(HOST, metrics.hostname());
    }

    @Override
    public void answered(int status) {
        if (metrics.wantsServerValues()) {
            metrics.server(family(status), 1, hostLabels);
        }
    }

    private static String family(int status) {
        return switch (status / 100) {
            case 2 -> "Requests2XX";
            case 4 -> "Requests4XX";
            default -> "Requests5XX";
        };
    }

    @Override
    public void requestAdmitted(ModelRef model, RequestContext context) {
        if (metrics.wantsServerValues()) {
            metrics.server("ts_inference_requests_total", 1, modelLabels(model));
        }
    }

    @Override
    public void requestTaken(ModelId model, InferenceRequest request, long queueNanos) {
        if (metrics.wantsServerValues()) {
            metrics.server(
                    "ts_queue_latency_microseconds",
                    (double) TimeUnit.NANOSECONDS.toMicros(queueNanos),
                    modelLabels(request.model()));
            metrics.server("QueueTime", (double) TimeUnit.NANOSECONDS.toMillis(queueNanos), hostLabels);
        }
    }

    @Override
    public void requestFinished(ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {
        if (failure.isEmpty() && metrics.wantsServerValues()) {
            metrics.server(
                    "ts_inference_latency_microseconds",
                    (double) TimeUnit.NANOSECONDS.toMicros(totalNanos),
                    modelLabels(model));
        }
    }

    /** The version asked for; {@code default} where none was. */
    private List<String> modelLabels(ModelRef model) {
        String version = model.selector() instanceof VersionSelector.Exact exact ? exact.version() : NO_VERSION;
        return List.of(model.name(), version, metrics.hostname());
    }

    @Override
    public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {
        // The batch is told of, with its requests, when they have been answered.
    }

    @Override
    public void batchAnswered(Batch batch, long computeNanos, long restNanos) {
        if (metrics.wantsServerValues()) {
            metrics.server("WorkerThreadTime", (double) TimeUnit.NANOSECONDS.toMillis(restNanos), hostLabels);
        }
        if (metrics.wantsModelValues() && !tellsItself.test(batch.model())) {
            double millis = Math.rint(computeNanos / 1e4) / 1e2;
            List<String> labels = List.of(batch.model().name(), MODEL, metrics.hostname());
            List<String> ids = batch.requests().stream()
                    .map(request -> request.context().requestId())
                    .toList();
            metrics.model("HandlerTime", millis, labels, ids);
            metrics.model("PredictionTime", millis, labels, ids);
        }
    }

    @Override
    public void instanceReady(ModelId model, String instance, long loadNanos) {
        if (metrics.wantsServerValues()) {
            metrics.server(
                    "WorkerLoadTime",
                    (double) TimeUnit.NANOSECONDS.toMillis(loadNanos),
                    List.of(instance, HOST, metrics.hostname()));
        }
    }
}
