// SPDX-License-Identifier: Apache-2.0
/**
 * The questions that decide defaults and the promises that have a number, each as a small program that prints table rows.
 *
 * <p><b>Start here:</b> {@link dev.sluice.benchmarks.scenario.Scenarios} lists them and runs them.
 *
 * <p><b>Threads:</b> one scenario runs at a time, on the main thread, with threads of its own that end with it.
 *
 * <p><b>May not import:</b> {@code jmh}.
 */
@NullMarked
package dev.sluice.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
