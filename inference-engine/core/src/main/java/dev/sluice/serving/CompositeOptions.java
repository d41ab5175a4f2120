// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.model.ModelRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads the graph of a composite model from the block {@code handler.composite} of its configuration file:
 *
 * <pre>
 * steps:
 *   scale: {model: scaler, inputs: {x: request.x}}
 *   digit: {model: digits, version: "1.0", inputs: {image: scale.y}}
 * outputs: {label: digit.label}
 * maxInFlight: 64
 * maxBytes: 67108864
 * </pre>
 *
 * What flows is named {@code step.output} or {@code request.input}; without the dot, the only output or input there is. {@code version}
 * may be left out for the default one, and so may the two bounds, whose defaults are shown.
 */
final class CompositeOptions {
    private static final int IN_FLIGHT = 64;
    private static final long BYTES = 64L << 20;

    private CompositeOptions() {}

    /** @throws IllegalArgumentException saying which key is wrong, its value, and what was expected */
    static CompositeGraph graph(Map<String, Object> file) {
        Map<String, Object> handler = block(file, "handler");
        Map<String, Object> composite = block(handler, "composite");
        allowOnly(composite, "", Set.of("steps", "outputs", "maxInFlight", "maxBytes"));
        Map<String, CompositeGraph.Step> steps = new LinkedHashMap<>();
        Map<String, Object> written = block(composite, "steps");
        for (String name : written.keySet()) {
            if (name.equals(CompositeGraph.Source.REQUEST) || name.contains(".")) {
                throw new IllegalArgumentException("step '" + name + "' (expected: no dot, and not 'request')");
            }
            steps.put(name, step(name, block(written, name)));
        }
        return new CompositeGraph(
                steps,
                wires(block(composite, "outputs"), "outputs"),
                (int) number(composite, "maxInFlight", IN_FLIGHT, Integer.MAX_VALUE),
                number(composite, "maxBytes", BYTES, Long.MAX_VALUE));
    }

    private static CompositeGraph.Step step(String name, Map<String, Object> step) {
        String where = "steps." + name + ".";
        allowOnly(step, where, Set.of("model", "version", "inputs"));
        String model = text(step, "model", where);
        ModelRef ref =
                step.containsKey("version") ? ModelRef.of(model, text(step, "version", where)) : ModelRef.of(model);
        return new CompositeGraph.Step(ref, wires(block(step, "inputs"), where + "inputs"));
    }

    private static List<CompositeGraph.Wire> wires(Map<String, Object> written, String where) {
        List<CompositeGraph.Wire> wires = new ArrayList<>();
        for (String name : written.keySet()) {
            String source = text(written, name, where + ".");
            wires.add(new CompositeGraph.Wire(name, CompositeGraph.Source.parse(source)));
        }
        if (wires.isEmpty()) {
            throw new IllegalArgumentException(where + ": nothing (expected: one entry or more)");
        }
        return wires;
    }

    private static Map<String, Object> block(Map<String, Object> values, String key) {
        if (!(values.get(key) instanceof Map<?, ?> block)) {
            throw new IllegalArgumentException(key + ": " + values.get(key) + " (expected: a mapping)");
        }
        Map<String, Object> named = new LinkedHashMap<>();
        block.forEach((name, value) -> named.put(String.valueOf(name), value));
        return named;
    }

    private static String text(Map<String, Object> values, String key, String where) {
        if (values.get(key) instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new IllegalArgumentException(where + key + ": " + values.get(key) + " (expected: text)");
    }

    private static long number(Map<String, Object> values, String key, long fallback, long most) {
        Object value = values.getOrDefault(key, fallback);
        if ((value instanceof Integer || value instanceof Long)
                && ((Number) value).longValue() >= 1
                && ((Number) value).longValue() <= most) {
            return ((Number) value).longValue();
        }
        throw new IllegalArgumentException(key + ": " + value + " (expected: 1.." + most + ")");
    }

    private static void allowOnly(Map<String, Object> values, String where, Set<String> known) {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException(
                        where + key + ": unknown key (expected one of: " + new TreeSet<>(known) + ")");
            }
        }
    }
}
