// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.model.ModelRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The steps of a composite model and what flows between them: a directed graph without cycles. Steps that do not need each other run
 * side by side.
 *
 * @param steps by name, in the order they were written
 * @param outputs what the answer is made of, in this order, by the name each output gets
 * @param maxInFlight most requests between their first step and their answer, 1 or more
 * @param maxBytes most bytes that outputs of steps may hold at once, for each request
 */
record CompositeGraph(Map<String, Step> steps, List<Wire> outputs, int maxInFlight, long maxBytes) {
    /** One call of a model. */
    record Step(ModelRef model, List<Wire> inputs) {
        Step {
            inputs = List.copyOf(inputs);
        }

        /** The steps that have to be over before this one can start. */
        Set<String> needs() {
            Set<String> needs = new HashSet<>();
            inputs.forEach(wire -> wire.source().step().ifPresent(needs::add));
            return needs;
        }
    }

    /** What goes in, or out, under {@code name}. */
    record Wire(String name, Source source) {}

    /**
     * Where something comes from.
     *
     * @param step empty for the request itself
     * @param item name of the input or output wanted; empty for the only one there is
     */
    record Source(Optional<String> step, Optional<String> item) {
        /** The word for the request in place of a step. */
        static final String REQUEST = "request";

        /** Reads {@code step}, {@code step.item}, {@code request} or {@code request.item}. */
        static Source parse(String text) {
            int dot = text.indexOf('.');
            String step = dot < 0 ? text : text.substring(0, dot);
            Optional<String> item = dot < 0 ? Optional.empty() : Optional.of(text.substring(dot + 1));
            return new Source(step.equals(REQUEST) ? Optional.empty() : Optional.of(step), item);
        }

        @Override
        public String toString() {
            return step.orElse(REQUEST) + item.map(name -> "." + name).orElse("");
        }
    }

    /** @throws IllegalArgumentException if a step that is named is not there, or steps wait for each other */
    CompositeGraph {
        outputs = List.copyOf(outputs);
        for (Map.Entry<String, Step> step : steps.entrySet()) {
            for (String needed : step.getValue().needs()) {
                requireStep(steps, needed, "step '" + step.getKey() + "'");
            }
        }
        for (Wire output : outputs) {
            String name = output.name();
            output.source().step().ifPresent(needed -> requireStep(steps, needed, "output '" + name + "'"));
        }
        requireNoCycle(steps);
        requireReaders(steps, outputs);
    }

    private static void requireReaders(Map<String, Step> steps, List<Wire> outputs) {
        Map<String, Integer> readers = readers(steps, outputs);
        for (String step : steps.keySet()) {
            if (!readers.containsKey(step)) {
                throw new IllegalArgumentException(
                        "step '" + step + "' is for nothing (expected: another step or an output that reads it)");
            }
        }
    }

    private static void requireStep(Map<String, Step> steps, String needed, String where) {
        if (!steps.containsKey(needed)) {
            throw new IllegalArgumentException(
                    where + ": '" + needed + "' (expected: request, or one of the steps " + steps.keySet() + ")");
        }
    }

    private static void requireNoCycle(Map<String, Step> steps) {
        Map<String, Set<String>> open = new HashMap<>();
        steps.forEach((name, step) -> open.put(name, step.needs()));
        List<String> free = new ArrayList<>();
        do {
            open.keySet().removeAll(free);
            open.values().forEach(needs -> needs.removeAll(free));
            free.clear();
            open.forEach((name, needs) -> {
                if (needs.isEmpty()) {
                    free.add(name);
                }
            });
        } while (!free.isEmpty());
        if (!open.isEmpty()) {
            throw new IllegalArgumentException(
                    "steps: " + open.keySet().stream().sorted().toList() + " wait for each other (expected: no cycle)");
        }
    }

    /** How many others read each step's outputs: the steps that need it, and the answer. */
    Map<String, Integer> readers() {
        return readers(steps, outputs);
    }

    private static Map<String, Integer> readers(Map<String, Step> steps, List<Wire> outputs) {
        Map<String, Integer> readers = new HashMap<>();
        steps.values().forEach(step -> step.needs().forEach(needed -> readers.merge(needed, 1, Integer::sum)));
        Set<String> answered = new HashSet<>();
        outputs.forEach(output -> output.source().step().ifPresent(answered::add));
        answered.forEach(needed -> readers.merge(needed, 1, Integer::sum));
        return readers;
    }
}
