// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.scenario;

import java.util.Map;

/** One question, answered anew each time it is asked. */
@FunctionalInterface
interface Scenario {
    /** Measures once; what was measured, unit included, and its value, in the order to be shown. */
    Map<String, Double> measure();
}
