// SPDX-License-Identifier: Apache-2.0
/**
 * Measuring by hand: an open-loop load generator that does not forget the requests a slow server kept it from sending. Numbers
 * and how to get them are in README.md beside the sources.
 *
 * <p><b>Start here:</b> {@link dev.sluice.benchmarks.LoadGenerator}, {@link dev.sluice.benchmarks.HttpLoad}; the scenarios
 * are in {@code scenario}, the microbenchmarks in {@code jmh}.
 *
 * <p><b>Threads:</b> one thread sends; endings are counted on whichever thread they come from.
 *
 * <p><b>May not import:</b> {@code subject}, {@code scenario}, {@code jmh}, or the core. What is loaded is unknown here.
 */
@NullMarked
package dev.sluice.benchmarks;

import org.jspecify.annotations.NullMarked;
