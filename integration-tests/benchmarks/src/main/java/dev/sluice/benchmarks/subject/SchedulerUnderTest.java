// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.engine.LoadedModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.scheduling.BatchingScheduler;
import dev.sluice.scheduling.RequestScheduler;
import dev.sluice.scheduling.SizeOrDelayPolicy;
import java.time.Clock;
import java.util.concurrent.TimeUnit;

/**
 * A scheduler with its instances running. The only place of the benchmarks that knows which scheduler it is: to measure another
 * one, change it here.
 *
 * <p><b>Ownership:</b> owns scheduler and instances; the model stays the caller's.
 */
public final class SchedulerUnderTest implements AutoCloseable {
    private static final long START_SECONDS = 30;

    private final BatchingScheduler scheduler;

    private SchedulerUnderTest(BatchingScheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** Starts one, and returns when all its instances take requests. */
    public static SchedulerUnderTest start(LoadedModel model, Sizing sizing) {
        BatchingScheduler scheduler = new BatchingScheduler(
                Requests.MODEL,
                model,
                new SizeOrDelayPolicy(sizing.batching()),
                sizing.queueCapacity(),
                (id, size, queueNanos, computeNanos) -> {},
                Ticker.system(),
                Clock.systemUTC());
        scheduler
                .resize(sizing.instances())
                .toCompletableFuture()
                .orTimeout(START_SECONDS, TimeUnit.SECONDS)
                .join();
        return new SchedulerUnderTest(scheduler);
    }

    public RequestScheduler scheduler() {
        return scheduler;
    }

    /** Refuses what waits and stops the instances. */
    @Override
    public void close() {
        scheduler.evict(new ServingException(ErrorCode.SHUTTING_DOWN, "The measurement is over"));
        scheduler
                .resize(0)
                .toCompletableFuture()
                .orTimeout(START_SECONDS, TimeUnit.SECONDS)
                .join();
    }
}
