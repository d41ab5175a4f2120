// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks of one key one after another, in the order they were submitted, and tasks of different keys side by side.
 *
 * <p><b>Threads:</b> safe from any thread; tasks run on the given executor.
 */
final class SerialExecutor {
    private final Executor executor;
    private final ConcurrentHashMap<String, CompletableFuture<?>> tails = new ConcurrentHashMap<>();

    SerialExecutor(Executor executor) {
        this.executor = executor;
    }

    /** Runs {@code task} after all earlier tasks of {@code key}, however they ended. */
    <T> CompletableFuture<T> submit(String key, Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<?> tail = tails.compute(
                key,
                (k, before) -> (before == null ? CompletableFuture.completedFuture(null) : before)
                        .handleAsync((value, failure) -> complete(result, task), executor));
        // Forgets the key after its last task; if there is a later one, that is the tail now and this does nothing.
        CompletableFuture<?> unused = tail.whenComplete((value, failure) -> tails.remove(key, tail));
        return result;
    }

    private static <T> @Nullable Void complete(CompletableFuture<T> result, Supplier<T> task) {
        try {
            result.complete(task.get());
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
        }
        return null;
    }
}
