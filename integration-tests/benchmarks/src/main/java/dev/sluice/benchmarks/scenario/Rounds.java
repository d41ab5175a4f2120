// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What several rounds of one scenario measured.
 *
 * <p><b>Threads:</b> confined to one.
 */
final class Rounds {
    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    void add(Map<String, Double> round) {
        round.forEach((measure, value) ->
                values.computeIfAbsent(measure, unused -> new ArrayList<>()).add(value));
    }

    /** One line of a markdown table for each measure. */
    List<String> rows(String scenario) {
        return values.entrySet().stream()
                .map(entry -> row(scenario, entry.getKey(), entry.getValue()))
                .toList();
    }

    private static String row(String scenario, String measure, List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return String.format(
                "| %s | %s | %s | %s | %s |",
                scenario,
                measure,
                shown(sorted.get(0)),
                shown(sorted.get(sorted.size() / 2)),
                shown(sorted.get(sorted.size() - 1)));
    }

    private static String shown(double value) {
        boolean whole = value == Math.rint(value) || Math.abs(value) >= 1000;
        return String.format(Locale.ROOT, whole ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.3f", value);
    }
}
