// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Has something done later. */
@FunctionalInterface
public interface Alarm {
    /** Runs {@code task} once, after {@code delay}, on a thread that may block. Returns at once. */
    void after(Duration delay, Runnable task);

    /** Runs tasks on {@code executor}; the wait itself costs a place in the JDK's one list of delays, and no thread of ours. */
    static Alarm on(Executor executor) {
        return (delay, task) -> CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS, executor)
                .execute(task);
    }
}
