// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The count of what waits against its bounds, and against those of an outer one if several share them.
 *
 * <p><b>Threads:</b> safe from any thread, without locks; what was let in never exceeds a bound, not for an instant.
 */
final class Admission {
    private final QueueBounds bounds;
    private final @Nullable Admission outer;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();

    Admission(QueueBounds bounds) {
        this(bounds, null);
    }

    /** @param outer counts what is let in here as well; null for none */
    Admission(QueueBounds bounds, @Nullable Admission outer) {
        this.bounds = bounds;
        this.outer = outer;
    }

    /** The one whose bounds are met first. */
    Admission outermost() {
        return outer == null ? this : outer;
    }

    /** Counts a request in, unless that would exceed a bound. */
    boolean tryEnter(long addedRows, long addedBytes) {
        return tryEnter(1, addedRows, addedBytes);
    }

    /** Counts that many requests in, which have so many rows and bytes together, unless that would exceed a bound: all or none. */
    boolean tryEnter(int added, long addedRows, long addedBytes) {
        if (outer != null && !outer.tryEnter(added, addedRows, addedBytes)) {
            return false;
        }
        if (!tryEnterHere(added, addedRows, addedBytes)) {
            if (outer != null) {
                outer.leave(added, addedRows, addedBytes);
            }
            return false;
        }
        return true;
    }

    private boolean tryEnterHere(int added, long addedRows, long addedBytes) {
        int most = bounds.requests() - added;
        if (requests.getAndUpdate(now -> now <= most ? now + added : now) > most) {
            return false;
        }
        if (!tryAdd(rows, addedRows, bounds.rows())) {
            requests.addAndGet(-added);
            return false;
        }
        if (!tryAdd(bytes, addedBytes, bounds.bytes())) {
            rows.addAndGet(-addedRows);
            requests.addAndGet(-added);
            return false;
        }
        return true;
    }

    private static boolean tryAdd(AtomicLong sum, long added, long bound) {
        long seen = sum.get();
        while (added <= bound - seen) {
            long witness = sum.compareAndExchange(seen, seen + added);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    /** Whether no request would be let in now, of whatever size. */
    boolean isFull() {
        return requests.get() >= bounds.requests() || (outer != null && outer.isFull());
    }

    /** Counts a request out that was let in. */
    void leave(long leftRows, long leftBytes) {
        leave(1, leftRows, leftBytes);
    }

    private void leave(int left, long leftRows, long leftBytes) {
        bytes.addAndGet(-leftBytes);
        rows.addAndGet(-leftRows);
        requests.addAndGet(-left);
        if (outer != null) {
            outer.leave(left, leftRows, leftBytes);
        }
    }

    QueueBounds bounds() {
        return bounds;
    }

    int requests() {
        return requests.get();
    }

    long rows() {
        return rows.get();
    }

    long bytes() {
        return bytes.get();
    }
}
