// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * One metric and its values, by the values of its labels.
 *
 * <p><b>Threads:</b> safe from any thread; {@link #add} waits for nobody once a series is there. A page that is written
 * meanwhile may show a histogram's count without its sum.
 */
final class MetricFamily {
    /** No worker's labels can fill the memory. */
    static final int MOST_SERIES = 10_000;

    private final MetricDefinition definition;
    private final ConcurrentHashMap<List<String>, Series> series = new ConcurrentHashMap<>();

    MetricFamily(MetricDefinition definition) {
        this.definition = definition;
    }

    MetricDefinition definition() {
        return definition;
    }

    /**
     * Takes a value in, as the metric's kind has it.
     *
     * @param labels as many as the definition has dimensions
     * @return whether it was: not a negative one of a counter, nor one of another number of labels or of too many series
     */
    boolean add(double value, List<String> labels) {
        boolean isNegativeCount = definition.kind() == Kind.COUNTER && !(value >= 0);
        if (isNegativeCount || labels.size() != definition.dimensions().size()) {
            return false;
        }
        Series known = series.get(labels);
        if (known == null) {
            if (series.size() >= MOST_SERIES) {
                return false;
            }
            known = series.computeIfAbsent(List.copyOf(labels), unused -> newSeries());
        }
        known.add(value);
        return true;
    }

    private Series newSeries() {
        return switch (definition.kind()) {
            case COUNTER -> new Sum();
            case GAUGE -> new Last();
            case HISTOGRAM -> new Sizes(definition.buckets());
        };
    }

    /** Drops the series of which a label of that name has a value that {@code isGone}. */
    void forget(String label, Predicate<String> isGone) {
        int at = definition.dimensions().indexOf(label);
        if (at >= 0) {
            series.keySet().removeIf(labels -> isGone.test(labels.get(at)));
        }
    }

    /** Drops the series of which two labels of those names have values that {@code areGone}. */
    void forget(String first, String second, BiPredicate<String, String> areGone) {
        int at = definition.dimensions().indexOf(first);
        int other = definition.dimensions().indexOf(second);
        if (at >= 0 && other >= 0) {
            series.keySet().removeIf(labels -> areGone.test(labels.get(at), labels.get(other)));
        }
    }

    /** Its part of a page; the comments also when there are no values. */
    void print(PageWriter page) {
        page.comments(definition);
        series.entrySet().stream()
                .sorted(Map.Entry.comparingByKey((a, b) -> String.join("\0", a).compareTo(String.join("\0", b))))
                .forEach(entry -> entry.getValue().print(page, definition, entry.getKey()));
    }

    /** The values of one set of labels. */
    private interface Series {
        void add(double value);

        void print(PageWriter page, MetricDefinition definition, List<String> labels);
    }

    private static final class Sum implements Series {
        private final DoubleAdder sum = new DoubleAdder();

        @Override
        public void add(double value) {
            sum.add(value);
        }

        @Override
        public void print(PageWriter page, MetricDefinition definition, List<String> labels) {
            page.sample(definition, "", labels, "", sum.sum());
        }
    }

    private static final class Last implements Series {
        /** Written by whoever had the last value. */
        private volatile double last;

        @Override
        public void add(double value) {
            last = value;
        }

        @Override
        public void print(PageWriter page, MetricDefinition definition, List<String> labels) {
            page.sample(definition, "", labels, "", last);
        }
    }

    private static final class Sizes implements Series {
        private final List<Double> bounds;
        private final List<LongAdder> counts = new ArrayList<>();
        private final DoubleAdder sum = new DoubleAdder();

        Sizes(List<Double> bounds) {
            this.bounds = bounds;
            for (int i = 0; i <= bounds.size(); i++) {
                counts.add(new LongAdder());
            }
        }

        @Override
        public void add(double value) {
            int at = 0;
            while (at < bounds.size() && !(value <= bounds.get(at))) {
                at++;
            }
            counts.get(at).increment();
            sum.add(value);
        }

        @Override
        public void print(PageWriter page, MetricDefinition definition, List<String> labels) {
            long below = 0;
            for (int i = 0; i < counts.size(); i++) {
                below += counts.get(i).sum();
                String bound = i < bounds.size() ? PageWriter.number(bounds.get(i)) : "+Inf";
                page.sample(definition, "_bucket", labels, bound, (double) below);
            }
            page.sample(definition, "_count", labels, "", (double) below);
            page.sample(definition, "_sum", labels, "", sum.sum());
        }
    }
}
