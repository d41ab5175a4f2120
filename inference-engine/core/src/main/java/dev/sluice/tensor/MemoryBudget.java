// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes a server may hold for requests and answers, all connections and models together. Bytes are reserved before there
 * is memory for them and released when it is free again; whoever cannot have them is told at once and never waits, so nobody
 * holds some bytes while waiting for more.
 *
 * <p>Requests coming in may fill three quarters. The rest is kept for what those already taken still need to be answered,
 * copies and outputs: a server full of requests that can only fail for want of memory would answer nobody.
 *
 * <p><b>Threads:</b> safe from any thread, without locks. What is reserved never exceeds the limit, not for an instant.
 */
public final class MemoryBudget {
    private static final int SHARES = 4;
    private static final int SHARES_OF_REQUESTS = 3;

    private final long limit;
    private final long requestLimit;
    private final AtomicLong reserved = new AtomicLong();

    /** @throws IllegalArgumentException if {@code limit} is below 1 */
    public MemoryBudget(long limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit: " + limit + " (expected: 1 or more)");
        }
        this.limit = limit;
        this.requestLimit = limit - limit / SHARES * (SHARES - SHARES_OF_REQUESTS);
    }

    /** One that nobody can exhaust: for tests and tools. */
    public static MemoryBudget unlimited() {
        return new MemoryBudget(Long.MAX_VALUE);
    }

    /** Reserves {@code bytes} for a request that is about to be read, unless requests have their share already; 0 always. */
    public boolean tryReserveForRequest(long bytes) {
        return tryAdd(bytes, requestLimit);
    }

    /** Reserves {@code bytes} for what an accepted request needs, unless that would exceed the limit; 0 always. */
    public boolean tryReserve(long bytes) {
        return tryAdd(bytes, limit);
    }

    private boolean tryAdd(long bytes, long bound) {
        checkCount(bytes);
        if (bytes == 0) {
            // Outputs may have filled the share of requests; who wants nothing takes nothing from anybody.
            return true;
        }
        long seen = reserved.get();
        while (bytes <= bound - seen) {
            long witness = reserved.compareAndExchange(seen, seen + bytes);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    /**
     * Gives back what was reserved, whole or in parts.
     *
     * @throws IllegalStateException if that is more than there is
     */
    public void release(long bytes) {
        checkCount(bytes);
        long before = reserved.getAndUpdate(now -> now < bytes ? now : now - bytes);
        if (before < bytes) {
            throw new IllegalStateException(
                    "released: " + bytes + " bytes (expected: at most the " + before + " reserved)");
        }
    }

    private static void checkCount(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: 0 or more)");
        }
    }

    /** Bytes reserved now. */
    public long reserved() {
        return reserved.get();
    }

    /** Most bytes that may be reserved. */
    public long limit() {
        return limit;
    }

    /** Most bytes of requests: a single one that is larger can never be taken. */
    public long requestLimit() {
        return requestLimit;
    }
}
