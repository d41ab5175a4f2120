// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.HandlerMetrics;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.lifecycle.ModelVersion;
import dev.sluice.lifecycle.ModelVersions;
import dev.sluice.model.ModelId;
import dev.sluice.server.config.MetricsConfig;
import dev.sluice.server.health.HealthReport.Phase;
import dev.sluice.server.health.Readiness;
import dev.sluice.server.logging.LogSetup;
import dev.sluice.server.metrics.FanOut;
import dev.sluice.server.metrics.MetricsPage;
import dev.sluice.server.metrics.ServerGauges;
import dev.sluice.server.metrics.ServerMetrics;
import dev.sluice.server.metrics.WorkerMemory;
import dev.sluice.server.metrics.torchserve.CommandLines;
import dev.sluice.server.metrics.torchserve.HandlerValues;
import dev.sluice.server.metrics.torchserve.MetricDefinitions;
import dev.sluice.server.metrics.torchserve.MetricLine;
import dev.sluice.server.metrics.torchserve.OriginalFacts;
import dev.sluice.server.metrics.torchserve.OriginalMetrics;
import dev.sluice.server.metrics.torchserve.SystemMetrics;
import dev.sluice.server.protocol.PythonModels;
import dev.sluice.server.protocol.TrafficObserver;
import dev.sluice.serving.ServingObserver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that watches the server, connected: our metrics, the original's, the machine's, and the look at readiness.
 *
 * <p><b>Threads:</b> made, started and closed by those of {@link ServerApp}; has two of its own, which may wait.
 */
final class Observation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Observation.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(10);
    private static final String PYTHON_FILE = ".py";

    private final MetricsConfig config;
    private final ServerMetrics metrics;
    private final OriginalMetrics original;
    private final OriginalFacts facts;
    private final WorkerMemory workerMemory;
    private final ScheduledExecutorService clockwork;

    Observation(MetricsConfig config, ModelRegistry registry, String version, ThreadFactory threads) {
        this.config = config;
        metrics = new ServerMetrics(registry, version);
        original = new OriginalMetrics(
                config.mode(),
                MetricDefinitions.orOwn(config.definitions()),
                config.autoDetect(),
                hostname(),
                InstantSource.system());
        facts = new OriginalFacts(original, model -> isPython(registry, model));
        workerMemory = new WorkerMemory(() -> registry.models().values().stream()
                .flatMap(versions -> versions.byVersion().values().stream())
                .flatMap(each -> each.instances().stream())
                .flatMapToLong(instance -> instance.processId().stream()));
        clockwork = Executors.newScheduledThreadPool(2, threads);
    }

    private static boolean isPython(ModelRegistry registry, ModelId model) {
        ModelVersions versions = registry.models().get(model.name());
        ModelVersion version = versions == null ? null : versions.byVersion().get(model.version());
        return version != null && PythonModels.isPython(version.spec());
    }

    private static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    ServerMetrics metrics() {
        return metrics;
    }

    /** Hears what the core does. */
    ServingObserver observer() {
        return new FanOut(metrics, facts);
    }

    /** Hears what transports do. */
    TrafficObserver traffic() {
        return TrafficObserver.both(metrics, facts);
    }

    /** Takes the metrics of handlers. */
    HandlerMetrics handlerMetrics() {
        return new HandlerValues(original, "");
    }

    /** Takes the metrics that workers print; none of them speaks of another model. */
    BiConsumer<ModelId, MetricLine> workerMetrics() {
        return (model, line) -> original.modelLine(line.ofModel(model.name()));
    }

    /** Bytes that the process of a worker held at the last look. */
    WorkerMemory workerMemory() {
        return workerMemory;
    }

    MetricsPage page() {
        return new MetricsPage(metrics, original);
    }

    /** Looks at the machine and at readiness from now on. */
    void start(Readiness readiness, IntSupplier connections) {
        every(config.interval(), workerMemory);
        metrics.watch(new ServerGauges(
                () -> readiness.ready().ok(),
                () -> readiness.phase() == Phase.DRAINING || readiness.phase() == Phase.STOPPED,
                connections,
                LogSetup::dropped));
        every(LOOK_EVERY, readiness::check);
        if (config.system()) {
            Optional<List<String>> command = config.systemCommand().map(Observation::command);
            every(config.interval(), new SystemMetrics(original, command, new CommandLines(COMMAND_LIMIT)));
        }
    }

    /** The original runs a file with its Python. */
    private static List<String> command(String configured) {
        List<String> words = new ArrayList<>(CommandLines.words(configured));
        if (!words.isEmpty() && words.get(0).endsWith(PYTHON_FILE)) {
            words.add(0, "python3");
        }
        return words;
    }

    private void every(Duration interval, Runnable task) {
        ScheduledFuture<?> unused =
                clockwork.scheduleWithFixedDelay(() -> guarded(task), 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** One that throws would not be run again, and readiness stay what it was. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("A look at the server failed; the next one follows", e);
        }
    }

    @Override
    public void close() {
        List<Runnable> unused = clockwork.shutdownNow();
        metrics.close();
    }
}
