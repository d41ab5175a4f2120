// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The bounded first-in-first-out queue of one model version. Requests leave it only in batches, formed at the last moment:
 * when an instance is free.
 *
 * <p><b>Threads:</b> safe from any thread. Submitters hold the lock for a few instructions; only takers wait.
 */
final class RequestQueue {
    private final int capacity;
    private final Ticker ticker;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Guarded by {@link #lock}. */
    private final ArrayDeque<PendingRequest> waiting = new ArrayDeque<>();

    /** Guarded by {@link #lock}: why nothing is taken any more; null while the queue is open. */
    private @Nullable ServingException closedBecause;

    RequestQueue(int capacity, Ticker ticker) {
        this.capacity = capacity;
        this.ticker = ticker;
    }

    /**
     * Appends a request, or refuses it.
     *
     * @throws ServingException {@code OVERLOADED}, or what the queue was closed with
     */
    void add(PendingRequest request) {
        lock.lock();
        try {
            if (closedBecause != null) {
                throw closedBecause;
            }
            if (waiting.size() >= capacity) {
                throw new ServingException(
                        ErrorCode.OVERLOADED,
                        "Model \"" + request.request().model().name() + "\" is overloaded: its queue holds "
                                + waiting.size() + " requests of at most " + capacity + ". Retry later.");
            }
            waiting.addLast(request);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the policy closes a batch, and removes it. Requests whose callers gave up or whose deadline passed leave
     * with their own code instead.
     *
     * @param keepWaiting asked before each wait; whoever makes it false calls {@link #wakeTakers} next. Once false the result is
     *     empty
     */
    List<PendingRequest> takeBatch(BatchPolicy policy, BooleanSupplier keepWaiting) throws InterruptedException {
        List<PendingRequest> batch = new ArrayList<>();
        while (batch.isEmpty()) {
            List<PendingRequest> taken = takeClosed(policy, keepWaiting);
            if (taken.isEmpty()) {
                return List.of();
            }
            long now = ticker.nanos();
            for (PendingRequest request : taken) {
                request.reasonToSkip(now).ifPresentOrElse(request::fail, () -> batch.add(request));
            }
        }
        return batch;
    }

    private List<PendingRequest> takeClosed(BatchPolicy policy, BooleanSupplier keepWaiting)
            throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (keepWaiting.getAsBoolean()) {
                if (waiting.isEmpty()) {
                    changed.await();
                    continue;
                }
                long now = ticker.nanos();
                BatchPolicy.QueueFacts facts = new BatchPolicy.QueueFacts(
                        waiting.size(), waiting.getFirst().submittedNanos());
                BatchPolicy.Decision decision = policy.decide(facts, now);
                if (decision instanceof BatchPolicy.Decision.Close close) {
                    return removeFirst(Math.min(close.size(), waiting.size()));
                }
                long patience = ((BatchPolicy.Decision.WaitUntil) decision).nanos() - now;
                // The result is of no use: whether time passed or a request came, the policy is asked again.
                long unused = changed.awaitNanos(patience);
            }
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    private List<PendingRequest> removeFirst(int count) {
        List<PendingRequest> removed = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            removed.add(waiting.removeFirst());
        }
        if (!waiting.isEmpty()) {
            // Another idle instance may have slept through the signal that this one answered.
            changed.signal();
        }
        return removed;
    }

    /** Refuses requests with {@code reason} from now on, and removes all that wait, for the caller to fail. */
    List<PendingRequest> close(ServingException reason) {
        lock.lock();
        try {
            closedBecause = reason;
            List<PendingRequest> removed = new ArrayList<>(waiting);
            waiting.clear();
            return removed;
        } finally {
            lock.unlock();
        }
    }

    /** Makes every waiting taker ask again whether it should go on. */
    void wakeTakers() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    QueueStatus status() {
        lock.lock();
        try {
            return new QueueStatus(waiting.size(), capacity);
        } finally {
            lock.unlock();
        }
    }
}
