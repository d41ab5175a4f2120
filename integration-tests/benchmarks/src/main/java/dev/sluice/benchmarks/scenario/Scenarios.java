// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import dev.sluice.benchmarks.subject.Work;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs scenarios from the command line and prints one table: for each measure its least, middle and greatest value. */
public final class Scenarios {
    private static final int ROUNDS = 3;

    private Scenarios() {}

    private static Map<String, Scenario> all() {
        Map<String, Scenario> all = new LinkedHashMap<>();
        all.put("half-load", new HalfLoad());
        all.put("overload-parking", new Overload(Work::parking));
        all.put("overload-spinning", new Overload(Work::spinning));
        all.put("fairness", new Fairness());
        all.put("blocked-engine", new BlockedEngine());
        all.put("idle-registered", new IdleModels(0));
        all.put("idle-ready", new IdleModels(1));
        all.put("refusal", new RefusalCost());
        return all;
    }

    /**
     * Runs each scenario {@value #ROUNDS} times.
     *
     * @param args names of scenarios, or {@code all}
     */
    public static void main(String[] args) {
        Map<String, Scenario> wanted = all();
        List<String> names = List.of(args);
        if (!names.equals(List.of("all"))) {
            if (names.isEmpty() || !wanted.keySet().containsAll(names)) {
                throw new IllegalArgumentException(
                        "scenarios: " + names + " (expected: all, or some of " + wanted.keySet() + ")");
            }
            wanted.keySet().retainAll(names);
        }
        System.out.println("| scenario | measure | min | median | max |\n|---|---|---|---|---|");
        wanted.forEach(Scenarios::run);
    }

    private static void run(String name, Scenario scenario) {
        Rounds rounds = new Rounds();
        for (int i = 0; i < ROUNDS; i++) {
            rounds.add(scenario.measure());
        }
        rounds.rows(name).forEach(System.out::println);
    }
}
