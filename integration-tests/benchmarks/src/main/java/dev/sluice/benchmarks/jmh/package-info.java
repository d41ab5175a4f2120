// SPDX-License-Identifier: Apache-2.0
/**
 * Microbenchmarks of the paths every request takes: into the scheduler and back, through the registry, and
 * from a body to a tensor.
 *
 * <p><b>Start here:</b> {@link dev.sluice.benchmarks.jmh.ThroughputBenchmark}; README.md has the commands.
 *
 * <p><b>Threads:</b> JMH's own call the benchmarks; the subjects add theirs.
 *
 * <p><b>May not import:</b> {@code scenario}.
 */
@NullMarked
package dev.sluice.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
