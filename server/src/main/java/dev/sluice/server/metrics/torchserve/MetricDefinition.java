// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import java.util.List;

/**
 * One metric as a {@code metrics.yaml} declares it.
 *
 * @param unit as logs and help texts show it
 * @param dimensions names of its labels, in order
 * @param buckets upper bounds, ascending, of a histogram's; empty for another kind
 */
public record MetricDefinition(String name, String unit, Kind kind, List<String> dimensions, List<Double> buckets) {
    /** The client library's of the original. */
    static final List<Double> DEFAULT_BUCKETS =
            List.of(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1.0, 2.5, 5.0, 7.5, 10.0);

    public MetricDefinition {
        dimensions = List.copyOf(dimensions);
        buckets = List.copyOf(buckets);
    }

    /** What becomes of values. */
    public enum Kind {
        /** They are added up. */
        COUNTER,
        /** The last one counts. */
        GAUGE,
        /** They are counted by size. */
        HISTOGRAM
    }

    MetricDefinition as(Kind other) {
        return new MetricDefinition(name, unit, other, dimensions, List.of());
    }
}
