// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.model.ModelSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * How many threads the numeric libraries of a worker compute with. Left to themselves each of them takes every processor, in every
 * worker, and they wait for each other: two workers of a small network answered 26 requests a second on two processors, and 440 with
 * one thread each.
 */
final class ComputeThreads {
    /** What PyTorch, MKL, OpenBLAS and OpenMP itself go by. */
    private static final String VARIABLE = "OMP_NUM_THREADS";

    private ComputeThreads() {}

    /**
     * {@code variables} with that number: what the model's {@code threads} say, else what is there, else its worker's share of the
     * processors.
     */
    static Map<String, String> limit(Map<String, String> variables, ModelSpec spec, int processors) {
        Map<String, String> all = new HashMap<>(variables);
        if (spec.placement().threads().isPresent()) {
            all.put(VARIABLE, Integer.toString(spec.placement().threads().getAsInt()));
        } else {
            int workers = Math.max(1, spec.instances().max());
            all.putIfAbsent(VARIABLE, Integer.toString(Math.max(1, processors / workers)));
        }
        return all;
    }
}
