// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.model.ModelId;
import dev.sluice.server.config.MetricsConfig.Mode;
import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The values of the original's metrics, in the form its mode wants: lines of logs, or series of the page. A metric that is not
 * declared has no values; a model's may be, if they are to be detected.
 *
 * <p><b>Threads:</b> safe from any thread; taking a value waits for nobody.
 *
 * <p><b>Source:</b> torchserve.md sections 3.2, 3.4 to 3.6.
 */
public final class OriginalMetrics {
    /** Metrics that versions up to 0.7 had on their page, all of them counters. */
    private static final Set<String> LEGACY =
            Set.of("ts_inference_requests_total", "ts_inference_latency_microseconds", "ts_queue_latency_microseconds");

    /** What the names of our own series begin with. */
    private static final String OWN = "sluice_";

    /** Metrics nobody declared that are taken at most; a handler could make up names without end. */
    private static final int MOST_DETECTED = 1000;

    /** Loggers of the files of metrics. */
    private static final Logger SERVER_LINES = LoggerFactory.getLogger("TS_METRICS");

    private static final Logger MODEL_LINES = LoggerFactory.getLogger("MODEL_METRICS");
    private static final Logger LOG = LoggerFactory.getLogger(OriginalMetrics.class);

    private final Mode mode;
    private final boolean autoDetect;
    private final String hostname;
    private final InstantSource clock;
    private final Map<String, MetricFamily> server;
    private final Map<String, MetricFamily> models;

    /** As the page has them, of what is declared. */
    private final Set<String> names;

    /** By name as the page has it. */
    private final ConcurrentHashMap<String, MetricFamily> detected = new ConcurrentHashMap<>();

    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    /**
     * No values yet.
     *
     * @param autoDetect whether metrics of models need no definition
     * @param hostname of this machine, for labels and lines
     */
    public OriginalMetrics(
            Mode mode, MetricDefinitions definitions, boolean autoDetect, String hostname, InstantSource clock) {
        this.mode = mode;
        this.autoDetect = autoDetect;
        this.hostname = hostname;
        this.clock = clock;
        this.server = families(definitions.server());
        this.models = families(definitions.models());
        this.names = Stream.concat(server.keySet().stream(), models.keySet().stream())
                .map(PageWriter::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    private Map<String, MetricFamily> families(Map<String, MetricDefinition> definitions) {
        Map<String, MetricFamily> families = new LinkedHashMap<>();
        definitions.forEach((name, definition) -> {
            boolean isForcedCounter = mode == Mode.LEGACY && LEGACY.contains(name);
            families.put(name, new MetricFamily(isForcedCounter ? definition.as(Kind.COUNTER) : definition));
        });
        return families;
    }

    String hostname() {
        return hostname;
    }

    /** Whether values of the server's metrics go anywhere. */
    boolean wantsServerValues() {
        return mode != Mode.LOG || SERVER_LINES.isInfoEnabled();
    }

    /** Whether values of the models' metrics go anywhere. */
    boolean wantsModelValues() {
        return mode == Mode.PROMETHEUS || MODEL_LINES.isInfoEnabled();
    }

    /**
     * A value of one of the server's metrics.
     *
     * @param labels values of all its dimensions, the hostname's with them
     */
    void server(String name, double value, List<String> labels) {
        MetricFamily family = server.get(name);
        if (family != null) {
            take(family, value, labels, List.of(), SERVER_LINES, isOnPage(name));
        }
    }

    /** A value of one of the models' metrics, about the requests named. */
    void model(String name, double value, List<String> labels, List<String> requestIds) {
        MetricFamily family = models.get(name);
        if (family != null) {
            take(family, value, labels, requestIds, MODEL_LINES, mode == Mode.PROMETHEUS);
        }
    }

    /** What a command that looks at the machine printed. */
    public void serverLine(MetricLine line) {
        MetricFamily family = server.get(line.name());
        if (family != null) {
            take(family, line.value(), labels(family, line), List.of(), SERVER_LINES, isOnPage(line.name()));
        }
    }

    /** What a handler says. A metric that is not declared is dropped, unless such are detected. */
    public void modelLine(MetricLine line) {
        MetricFamily family = models.get(line.name());
        if (family == null && autoDetect) {
            family = detected(line);
        }
        if (family != null) {
            take(family, line.value(), labels(family, line), line.requestIds(), MODEL_LINES, mode == Mode.PROMETHEUS);
        }
    }

    /** Null if there are too many, or if the page has another metric of that name. */
    private @Nullable MetricFamily detected(MetricLine line) {
        String shown = PageWriter.name(line.name());
        MetricFamily known = detected.get(shown);
        if (known != null) {
            return known;
        }
        if (names.contains(shown) || shown.startsWith(OWN)) {
            if (refused.size() < MOST_DETECTED && refused.add(shown)) {
                LOG.error("Metric {} of a handler has the name of one of the server's and is dropped", line.name());
            }
            return null;
        }
        return detected.size() < MOST_DETECTED
                ? detected.computeIfAbsent(shown, unused -> new MetricFamily(definition(line)))
                : null;
    }

    private static MetricDefinition definition(MetricLine line) {
        Kind kind = line.kind().orElse(Kind.COUNTER);
        List<String> dimensions = new ArrayList<>(line.dimensions().keySet());
        dimensions.remove(MetricDefinitions.HOSTNAME);
        dimensions.add(MetricDefinitions.HOSTNAME);
        return new MetricDefinition(
                line.name(),
                line.unit(),
                kind,
                dimensions,
                kind == Kind.HISTOGRAM ? MetricDefinition.DEFAULT_BUCKETS : List.of());
    }

    /** By name, where the original goes by position: a line whose dimensions come in another order means the same. */
    private List<String> labels(MetricFamily family, MetricLine line) {
        List<String> labels = new ArrayList<>();
        for (String dimension : family.definition().dimensions()) {
            boolean isHost = dimension.equalsIgnoreCase(MetricDefinitions.HOSTNAME);
            labels.add(line.dimensions().getOrDefault(dimension, isHost ? hostOf(line) : ""));
        }
        return labels;
    }

    private String hostOf(MetricLine line) {
        return line.hostname().isEmpty() ? hostname : line.hostname();
    }

    private boolean isOnPage(String name) {
        return mode == Mode.PROMETHEUS || (mode == Mode.LEGACY && LEGACY.contains(name));
    }

    private void take(
            MetricFamily family,
            double value,
            List<String> labels,
            List<String> requestIds,
            Logger lines,
            boolean onPage) {
        if (onPage) {
            if (!family.add(value, labels) && refused.add(family.definition().name())) {
                LOG.error(
                        "Metric {} {}: value {} with labels {} cannot be taken (expected: labels {}; said once)",
                        family.definition().kind(),
                        family.definition().name(),
                        value,
                        labels,
                        family.definition().dimensions());
            }
        } else if (lines.isInfoEnabled()) {
            lines.info(line(family.definition(), value, labels, requestIds));
        }
    }

    private String line(MetricDefinition definition, double value, List<String> labels, List<String> requestIds) {
        StringBuilder line = new StringBuilder(96)
                .append(definition.name())
                .append('.')
                .append(definition.unit())
                .append(':')
                .append(value)
                .append("|#");
        String host = hostname;
        boolean isFirst = true;
        for (int i = 0; i < Math.min(labels.size(), definition.dimensions().size()); i++) {
            String dimension = definition.dimensions().get(i);
            if (dimension.equalsIgnoreCase(MetricDefinitions.HOSTNAME)) {
                host = labels.get(i);
                continue;
            }
            line.append(isFirst ? "" : ",").append(dimension).append(':').append(labels.get(i));
            isFirst = false;
        }
        line.append("|#hostname:").append(host);
        if (!requestIds.isEmpty()) {
            line.append(",requestID:").append(String.join(",", requestIds));
        }
        return line.append(",timestamp:")
                .append(clock.instant().getEpochSecond())
                .toString();
    }

    /** Drops the series of models, versions and their instances that are not among {@code there}. */
    public void keep(Set<ModelId> there) {
        Set<String> names = there.stream().map(ModelId::name).collect(Collectors.toSet());
        Set<String> versions =
                there.stream().map(id -> version(id.name(), id.version())).collect(Collectors.toSet());
        server.values().forEach(family -> {
            family.forget("model_name", name -> !names.contains(name));
            family.forget(
                    "model_name",
                    "model_version",
                    (name, version) ->
                            !version.equals(OriginalFacts.NO_VERSION) && !versions.contains(version(name, version)));
            family.forget("WorkerName", worker -> !versions.contains(worker.replaceFirst("^W-[0-9]+-", "")));
        });
        Stream.concat(models.values().stream(), detected.values().stream())
                .forEach(family -> family.forget(MetricDefinitions.MODEL, name -> !names.contains(name)));
    }

    /** As names of instances end. */
    private static String version(String model, String version) {
        return model + "_" + version;
    }

    /** What is declared and its values, as the page of its mode has them; nothing where the log has them all. */
    public void print(StringBuilder page, boolean openMetrics) {
        PageWriter writer = new PageWriter(page, openMetrics);
        server.forEach((name, family) -> print(family, writer, isOnPage(name)));
        models.values().forEach(family -> print(family, writer, mode == Mode.PROMETHEUS));
        detected.values().forEach(family -> print(family, writer, mode == Mode.PROMETHEUS));
    }

    private static void print(MetricFamily family, PageWriter writer, boolean onPage) {
        if (onPage) {
            family.print(writer);
        }
    }
}
