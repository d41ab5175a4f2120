// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one tenant in one level, in the order they came, with the rows it has been served. A request that is not QUEUED
 * any more lies here until it is come across.
 *
 * <p><b>Threads:</b> guarded by the queue's formation lock.
 */
final class Lane {
    private final String tenant;
    private final ArrayDeque<PendingRequest> arrivals = new ArrayDeque<>();
    private final Map<ShapeKey, Alike> byKey = new HashMap<>();

    /** One of {@link #byKey}, the last that was looked for: most models are asked with one shape. */
    private @Nullable Alike lastAlike;

    /** Rows served, on top of the level's account when the tenant came. */
    private long served;

    /** Those of one shape. */
    private record Alike(ShapeKey key, ArrayDeque<PendingRequest> requests) {}

    Lane(String tenant, long served) {
        this.tenant = tenant;
        this.served = served;
    }

    String tenant() {
        return tenant;
    }

    /** The tenant comes again. */
    void reopen(long served) {
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
        Alike alike = find(request.key());
        if (alike == null) {
            alike = new Alike(request.key(), new ArrayDeque<>());
            byKey.put(request.key(), alike);
        }
        alike.requests.addLast(request);
    }

    private @Nullable Alike find(ShapeKey key) {
        Alike last = lastAlike;
        if (last == null || !last.key.equals(key)) {
            last = byKey.get(key);
            lastAlike = last;
        }
        return last;
    }

    /** The oldest that waits; null if none does. */
    @Nullable
    PendingRequest head() {
        PendingRequest first = arrivals.peekFirst();
        while (first != null && !first.isQueued()) {
            arrivals.removeFirst();
            // It would stay among those of its key until somebody asks for that key again, which may be never.
            PendingRequest unused = head(first.key());
            first = arrivals.peekFirst();
        }
        return first;
    }

    /** The oldest of {@code key} that waits; null if none does. */
    @Nullable
    PendingRequest head(ShapeKey key) {
        Alike alike = find(key);
        if (alike == null) {
            return null;
        }
        PendingRequest first = firstQueued(alike.requests);
        if (first == null && byKey.size() > 1) {
            byKey.remove(key);
            lastAlike = null;
        }
        return first;
    }

    private static @Nullable PendingRequest firstQueued(ArrayDeque<PendingRequest> requests) {
        PendingRequest first = requests.peekFirst();
        while (first != null && !first.isQueued()) {
            requests.removeFirst();
            first = requests.peekFirst();
        }
        return first;
    }

    /** Those of {@code key}, oldest first, the first of which waits; some of the others may not any more. */
    Iterable<PendingRequest> alike(ShapeKey key) {
        // Whoever looks at all of them would else come past those that ran since, again and again.
        if (head(key) == null) {
            return List.of();
        }
        return Objects.requireNonNull(find(key), "alike").requests;
    }

    /** All, oldest first, also such that do not wait any more. */
    Iterable<PendingRequest> all() {
        return arrivals;
    }

    int nodes() {
        return arrivals.size();
    }

    /** Shapes it remembers; for tests. */
    int shapes() {
        return byKey.size();
    }

    /** Drops what does not wait any more. */
    void compact() {
        arrivals.removeIf(request -> !request.isQueued());
        byKey.values().forEach(alike -> alike.requests.removeIf(request -> !request.isQueued()));
        byKey.values().removeIf(alike -> alike.requests.isEmpty());
        lastAlike = null;
    }
}
