// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A value of one of a handler's own metrics.
 *
 * <p><b>Source:</b> torchserve.md section 3.8.
 *
 * @param name as {@code metrics.yaml} declares it
 * @param unit such as {@code count} or {@code ms}
 * @param value any number; of a counter it is added
 * @param dimensions names and values of labels, in their order; the server adds the model's name, the level and the host
 * @param requestId of the request it is about; empty for none
 */
public record HandlerMetric(
        String name, String unit, Kind kind, double value, Map<String, String> dimensions, Optional<String> requestId) {
    private static final int MAX_LENGTH = 256;

    /** What becomes of values. */
    public enum Kind {
        /** They are added up. */
        COUNTER,
        /** The last one counts. */
        GAUGE,
        /** They are counted by size. */
        HISTOGRAM
    }

    /** @throws IllegalArgumentException if a text cannot be in a line of a log, or a counter's value is below 0 */
    public HandlerMetric {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name of a metric: '" + name + "' (expected: a text that is not blank)");
        }
        checked("name", name);
        checked("unit", unit);
        dimensions.forEach((dimension, label) -> {
            checked("dimension", dimension);
            checked(dimension, label);
        });
        if (kind == Kind.COUNTER && !(value >= 0)) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 0 or more, since it is a counter)");
        }
        dimensions = Collections.unmodifiableMap(new LinkedHashMap<>(dimensions));
    }

    private static void checked(String what, String text) {
        if (text.length() > MAX_LENGTH || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(what + " of a metric: " + text.length()
                    + " characters (expected: at most " + MAX_LENGTH + ", and none of control)");
        }
    }

    /** So many more, in the unit {@code count}. */
    public static HandlerMetric counter(String name, double value) {
        return new HandlerMetric(name, "count", Kind.COUNTER, value, Map.of(), Optional.empty());
    }

    /** How much it is now. */
    public static HandlerMetric gauge(String name, String unit, double value) {
        return new HandlerMetric(name, unit, Kind.GAUGE, value, Map.of(), Optional.empty());
    }

    /** One value of many, of which it is told how large they are. */
    public static HandlerMetric histogram(String name, String unit, double value) {
        return new HandlerMetric(name, unit, Kind.HISTOGRAM, value, Map.of(), Optional.empty());
    }

    /** The same with one more label. */
    public HandlerMetric with(String dimension, String label) {
        Map<String, String> more = new LinkedHashMap<>(dimensions);
        more.put(dimension, label);
        return new HandlerMetric(name, unit, kind, value, more, requestId);
    }

    /** The same, about {@code request}. */
    public HandlerMetric of(InferenceRequest request) {
        return new HandlerMetric(
                name,
                unit,
                kind,
                value,
                dimensions,
                Optional.of(request.context().requestId()));
    }
}
