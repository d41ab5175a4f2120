// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import dev.sluice.server.yaml.SafeYaml;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a {@code metrics.yaml} declares.
 *
 * <p><b>Source:</b> torchserve.md section 3.3. {@code buckets} of a histogram is ours.
 *
 * @param server by name, in the file's order
 * @param models by name, in the file's order
 */
public record MetricDefinitions(Map<String, MetricDefinition> server, Map<String, MetricDefinition> models) {
    private static final Logger LOG = LoggerFactory.getLogger(MetricDefinitions.class);

    /** The dimension the server adds to those of models. */
    static final String HOSTNAME = "Hostname";

    /** The dimension that names a model, in metrics of models. */
    static final String MODEL = "ModelName";

    /** Those of the server itself, with the original's names. */
    public static MetricDefinitions own() {
        try (InputStream resource = MetricDefinitions.class.getResourceAsStream("metrics.yaml")) {
            if (resource == null) {
                throw new IllegalStateException("metrics.yaml is missing beside this class");
            }
            return of(SafeYaml.parse(new String(resource.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Those in {@code file}; if there is none, or it cannot be used, the server's own, and why in the log. */
    public static MetricDefinitions orOwn(Optional<Path> file) {
        if (file.isPresent()) {
            try {
                return of(SafeYaml.read(file.get()));
            } catch (ServingException e) {
                LOG.error("metrics_config: {} {}; the server's own definitions are used", file.get(), e.safeMessage());
            }
        }
        return own();
    }

    /** @throws ServingException {@code INVALID_INPUT} saying where and what was expected */
    static MetricDefinitions of(Map<String, Object> document) {
        return new MetricDefinitions(
                section(document, "ts_metrics", List.of()), section(document, "model_metrics", List.of(HOSTNAME)));
    }

    private static Map<String, MetricDefinition> section(
            Map<String, Object> document, String key, List<String> appended) {
        Map<String, MetricDefinition> section = new LinkedHashMap<>();
        Object kinds = document.getOrDefault(key, Map.of());
        for (Map.Entry<?, ?> entry : mapping(kinds, key).entrySet()) {
            String where = key + "." + entry.getKey();
            Kind kind = kind(where, String.valueOf(entry.getKey()));
            for (Object metric : list(entry.getValue(), where)) {
                MetricDefinition definition = definition(where, kind, mapping(metric, where), appended);
                if (section.putIfAbsent(definition.name(), definition) != null) {
                    throw invalid(where + ": " + definition.name() + " is declared twice");
                }
            }
        }
        return section;
    }

    private static Kind kind(String where, String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "counter" -> Kind.COUNTER;
            case "gauge" -> Kind.GAUGE;
            case "histogram" -> Kind.HISTOGRAM;
            default -> throw invalid(where + " (expected: counter, gauge or histogram)");
        };
    }

    private static MetricDefinition definition(String where, Kind kind, Map<?, ?> metric, List<String> appended) {
        String name = text(metric, "name", where);
        List<String> dimensions = new ArrayList<>();
        for (Object dimension : list(metric.get("dimensions"), where + "." + name + ".dimensions")) {
            dimensions.add(String.valueOf(dimension));
        }
        appended.stream().filter(label -> !dimensions.contains(label)).forEach(dimensions::add);
        return new MetricDefinition(
                name,
                text(metric, "unit", where + "." + name),
                kind,
                dimensions,
                kind == Kind.HISTOGRAM ? buckets(metric.get("buckets"), where + "." + name) : List.of());
    }

    private static List<Double> buckets(@Nullable Object wanted, String where) {
        if (wanted == null) {
            return MetricDefinition.DEFAULT_BUCKETS;
        }
        List<Double> buckets = new ArrayList<>();
        for (Object bound : list(wanted, where + ".buckets")) {
            double next = bound instanceof Number number ? number.doubleValue() : Double.NaN;
            boolean ascends = buckets.isEmpty() || next > buckets.get(buckets.size() - 1);
            if (!Double.isFinite(next) || !ascends) {
                throw invalid(where + ".buckets: " + wanted + " (expected: numbers, each above the one before)");
            }
            buckets.add(next);
        }
        return buckets;
    }

    private static String text(Map<?, ?> metric, String key, String where) {
        Object value = metric.get(key);
        if (!(value instanceof String text) || text.isBlank()) {
            throw invalid(where + "." + key + ": " + value + " (expected: a text that is not empty)");
        }
        return text;
    }

    private static Map<?, ?> mapping(@Nullable Object value, String where) {
        if (value instanceof Map<?, ?> mapping) {
            return mapping;
        }
        throw invalid(where + ": " + value + " (expected: a mapping)");
    }

    private static List<?> list(@Nullable Object value, String where) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw invalid(where + ": " + value + " (expected: a list)");
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
