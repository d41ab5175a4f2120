// SPDX-License-Identifier: Apache-2.0
/**
 * Queueing and batching for one model version: requests wait in one bounded queue, and each free instance takes the batch a
 * policy allows it.
 *
 * <p><b>Start here:</b> {@link dev.sluice.scheduling.RequestScheduler}, {@link dev.sluice.scheduling.BatchPolicy},
 * {@link dev.sluice.scheduling.BatchingScheduler}.
 *
 * <p><b>Threads:</b> requests are submitted from event loops, which never wait here; batches are formed and run on instance
 * threads, one per instance, which wait on the queue's lock and in native code. docs/concurrency.md has the table.
 *
 * <p><b>May not import:</b> {@code lifecycle}, {@code serving}. Versions and files are unknown here.
 */
@NullMarked
package dev.sluice.scheduling;

import org.jspecify.annotations.NullMarked;
