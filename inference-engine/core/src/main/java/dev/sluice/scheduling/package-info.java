// SPDX-License-Identifier: Apache-2.0
/**
 * Queueing and batching for one model version: requests wait in one bounded queue, and each free instance forms, at the last
 * moment, the batch a policy allows it. Every request that was taken ends by exactly one step of the state machine that
 * {@code PendingRequest} draws, and who makes that step owns its answer.
 *
 * <p><b>Start here:</b> {@link dev.sluice.scheduling.RequestScheduler}, {@link dev.sluice.scheduling.BatchPolicy},
 * {@link dev.sluice.scheduling.BatchingScheduler}; inside, {@code RequestQueue.submit} and {@code RequestQueue.form}, {@code IterationLoop} for models that work
 * step by step, {@code Sequences} for requests that run one after the other,
 * {@code Homes} where instances keep their state, {@code Recovery} for when a lost instance is made anew.
 *
 * <p><b>Threads:</b> requests are submitted from event loops, which never wait here, but may run a request of a few
 * microseconds themselves, see {@code CallerRuns}; batches are formed and run on carriers,
 * threads that an instance has only while it has something to do; deadlines and limits are kept by one timer, which sleeps when
 * there are none. Both belong to the one {@link dev.sluice.scheduling.SchedulingThreads} of the process. docs/concurrency.md has the
 * table.
 *
 * <p><b>May not import:</b> {@code lifecycle}, {@code serving}. Versions and files are unknown here.
 */
@NullMarked
package dev.sluice.scheduling;

import org.jspecify.annotations.NullMarked;
