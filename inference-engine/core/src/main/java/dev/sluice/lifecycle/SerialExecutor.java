// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Runs tasks of one key one after another, in the order they were submitted, and tasks of different keys side by side.
 *
 * <p><b>Threads:</b> safe from any thread; tasks run on the given executor, and so does whatever was chained to a task's result
 * before it was there: the next task of the key waits for that too.
 */
final class SerialExecutor {
    private final Executor executor;

    /** By key, what the next task waits for: the end of the last one submitted. Keys without tasks are not in it. */
    private final ConcurrentHashMap<String, CompletableFuture<Void>> tails = new ConcurrentHashMap<>();

    SerialExecutor(Executor executor) {
        this.executor = executor;
    }

    /**
     * Runs {@code task} after all earlier tasks of {@code key}, however they ended.
     *
     * @return fails with what the task throws, or with what the executor throws when it takes no more tasks
     */
    <T> CompletableFuture<T> submit(String key, Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        CompletableFuture<Void> before = tails.put(key, end);
        CompletableFuture<Void> unused = (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                .thenRunAsync(() -> complete(result, task), executor)
                .whenComplete((done, rejection) -> {
                    if (rejection != null) {
                        result.completeExceptionally(rejection);
                    }
                    // Forgets the key after its last task; if there is a later one, that is the tail now and this does
                    // nothing.
                    tails.remove(key, end);
                    end.complete(null);
                });
        return result;
    }

    /** Keys that have tasks; for tests. */
    int keys() {
        return tails.size();
    }

    private static <T> void complete(CompletableFuture<T> result, Supplier<T> task) {
        try {
            result.complete(task.get());
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
        }
    }
}
