// SPDX-License-Identifier: Apache-2.0
/**
 * What is measured, put together from the core's public API, with models that cost what a measurement wants.
 *
 * <p><b>Start here:</b> {@link dev.sluice.benchmarks.subject.SchedulerUnderTest} is the one place that makes a scheduler;
 * {@link dev.sluice.benchmarks.subject.ServiceUnderTest} is the whole core.
 *
 * <p><b>Threads:</b> as the core has them; {@link dev.sluice.benchmarks.subject.ClosedLoop} adds a thread for each caller.
 *
 * <p><b>May not import:</b> {@code scenario}, {@code jmh}.
 */
@NullMarked
package dev.sluice.benchmarks.subject;

import org.jspecify.annotations.NullMarked;
