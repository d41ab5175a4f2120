// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.engine.HandlerMetric;
import dev.sluice.engine.HandlerMetrics;
import dev.sluice.model.ModelId;
import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metrics of handlers in Java, as those of the original's handlers in Python: labelled with the model, whatever the handler
 * says, and a level, unless it says one.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> torchserve.md section 3.8.
 *
 * @param model empty for none, of which no values are taken
 */
public record HandlerValues(OriginalMetrics metrics, String model) implements HandlerMetrics {
    private static final Logger LOG = LoggerFactory.getLogger(HandlerValues.class);
    private static final String LEVEL = "Level";

    @Override
    public HandlerMetrics of(ModelId id) {
        return new HandlerValues(metrics, id.name());
    }

    @Override
    public void add(HandlerMetric metric) {
        if (model.isEmpty() || !metrics.wantsModelValues()) {
            return;
        }
        try {
            metrics.modelLine(line(metric));
        } catch (RuntimeException e) {
            LOG.error("A value of {}, a metric of model {}, was not taken", metric.name(), model, e);
        }
    }

    private MetricLine line(HandlerMetric metric) {
        Map<String, String> dimensions = new LinkedHashMap<>(metric.dimensions());
        dimensions.put(MetricDefinitions.MODEL, model);
        dimensions.putIfAbsent(LEVEL, OriginalFacts.MODEL);
        Kind kind = switch (metric.kind()) {
            case COUNTER -> Kind.COUNTER;
            case GAUGE -> Kind.GAUGE;
            case HISTOGRAM -> Kind.HISTOGRAM;
        };
        return new MetricLine(
                metric.name(),
                metric.unit(),
                metric.value(),
                dimensions,
                Optional.of(kind),
                "",
                0,
                metric.requestId().stream().toList());
    }
}
