// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the users of something that is to go away when nobody uses it and nobody new may come.
 *
 * <p><b>Threads:</b> safe from any thread, without locks.
 */
final class LeaseCounter {
    /** Set once nobody new may come; the other bits count leases. */
    private static final int CLOSED = 1 << 31;

    private final AtomicInteger state = new AtomicInteger();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();

    /** Takes a lease unless closed; each one taken is given back with {@link #release}, once. */
    boolean tryAcquire() {
        int seen = state.get();
        while ((seen & CLOSED) == 0) {
            int witness = state.compareAndExchange(seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    /** @throws IllegalStateException if there was none left to give back; then nothing has changed */
    void release() {
        int seen = state.get();
        while (true) {
            if ((seen & ~CLOSED) == 0) {
                throw new IllegalStateException("lease released more often than taken");
            }
            int witness = state.compareAndExchange(seen, seen - 1);
            if (witness == seen) {
                break;
            }
            seen = witness;
        }
        if (seen - 1 == CLOSED) {
            drained.complete(null);
        }
    }

    /** Lets nobody new in; the result completes when the last lease is back. */
    CompletionStage<Void> close() {
        int before = state.getAndUpdate(value -> value | CLOSED);
        if ((before & ~CLOSED) == 0) {
            drained.complete(null);
        }
        return drained.minimalCompletionStage();
    }

    /** Leases now out. */
    int count() {
        return state.get() & ~CLOSED;
    }
}
