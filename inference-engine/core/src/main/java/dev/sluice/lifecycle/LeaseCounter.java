// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the users of something that is to go away when nobody uses it and nobody new may come.
 *
 * <p><b>Threads:</b> safe from any thread, without locks. Its steps are get and compareAndSet alone, because Lincheck, which checks
 * them under every interleaving, takes the cleverer methods of an atomic for no steps at all.
 */
final class LeaseCounter {
    /** Set once nobody new may come; the other bits count leases. */
    private static final int CLOSED = 1 << 31;

    private final AtomicInteger state = new AtomicInteger();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();

    /** Takes a lease unless closed; each one taken is given back with {@link #release}, once. */
    boolean tryAcquire() {
        while (true) {
            int seen = state.get();
            if ((seen & CLOSED) != 0) {
                return false;
            }
            if (state.compareAndSet(seen, seen + 1)) {
                return true;
            }
        }
    }

    /** @throws IllegalStateException if there was none left to give back; then nothing has changed */
    void release() {
        int seen;
        do {
            seen = state.get();
            if ((seen & ~CLOSED) == 0) {
                throw new IllegalStateException("lease released more often than taken");
            }
        } while (!state.compareAndSet(seen, seen - 1));
        if (seen - 1 == CLOSED) {
            drained.complete(null);
        }
    }

    /** Lets nobody new in; the result completes when the last lease is back. */
    CompletionStage<Void> close() {
        int seen;
        do {
            seen = state.get();
        } while (!state.compareAndSet(seen, seen | CLOSED));
        if ((seen & ~CLOSED) == 0) {
            drained.complete(null);
        }
        return drained.minimalCompletionStage();
    }

    /** Leases now out. */
    int count() {
        return state.get() & ~CLOSED;
    }
}
