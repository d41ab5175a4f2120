// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one tenant in one level, in the order they came, with the rows it has been served. A request that is not QUEUED
 * any more lies here until it is come across.
 *
 * <p><b>Threads:</b> guarded by the queue's formation lock.
 */
final class Lane {
    private final ArrayDeque<PendingRequest> arrivals = new ArrayDeque<>();
    private final Map<ShapeKey, ArrayDeque<PendingRequest>> byKey = new HashMap<>();

    /** Rows served, on top of the level's account when the tenant came. */
    private long served;

    Lane(long served) {
        this.served = served;
    }

    long served() {
        return served;
    }

    void charge(int rows) {
        served += rows;
    }

    void add(PendingRequest request) {
        arrivals.addLast(request);
        byKey.computeIfAbsent(request.key(), key -> new ArrayDeque<>()).addLast(request);
    }

    /** The oldest that waits; null if none does. */
    @Nullable
    PendingRequest head() {
        PendingRequest first = arrivals.peekFirst();
        while (first != null && !first.isQueued()) {
            arrivals.removeFirst();
            first = arrivals.peekFirst();
        }
        return first;
    }

    /** The oldest of {@code key} that waits; null if none does. */
    @Nullable
    PendingRequest head(ShapeKey key) {
        ArrayDeque<PendingRequest> alike = byKey.get(key);
        if (alike == null) {
            return null;
        }
        PendingRequest first = alike.peekFirst();
        while (first != null && !first.isQueued()) {
            alike.removeFirst();
            first = alike.peekFirst();
        }
        if (first == null) {
            byKey.remove(key);
        }
        return first;
    }

    /** Those of {@code key}, oldest first, also such that do not wait any more. */
    Iterable<PendingRequest> alike(ShapeKey key) {
        ArrayDeque<PendingRequest> alike = byKey.get(key);
        return alike == null ? List.of() : alike;
    }

    /** All, oldest first, also such that do not wait any more. */
    Iterable<PendingRequest> all() {
        return arrivals;
    }

    int nodes() {
        return arrivals.size();
    }

    /** Drops what does not wait any more. */
    void compact() {
        arrivals.removeIf(request -> !request.isQueued());
        byKey.values().forEach(alike -> alike.removeIf(request -> !request.isQueued()));
        byKey.values().removeIf(ArrayDeque::isEmpty);
    }
}
