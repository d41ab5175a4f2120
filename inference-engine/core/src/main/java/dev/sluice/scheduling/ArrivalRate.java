// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/**
 * How many rows come, of late: a sum that fades with time.
 *
 * <p><b>Threads:</b> guarded by the queue's formation lock.
 */
final class ArrivalRate {
    /** Time in which about two thirds are forgotten: long enough to smooth bursts, short against changes of the load. */
    static final long MEMORY_NANOS = 500_000_000;

    /** Rows, each of which fades; right at {@link #atNanos}. */
    private double rows;

    private long atNanos;

    void add(int added, long nowNanos) {
        fadeTo(nowNanos);
        rows += added;
    }

    /** Rows in a nanosecond. */
    double perNano(long nowNanos) {
        fadeTo(nowNanos);
        return rows / MEMORY_NANOS;
    }

    private void fadeTo(long nowNanos) {
        long passed = rows == 0 ? 0 : nowNanos - atNanos;
        // Requests are handed over by several threads, so that one may seem to come before another.
        rows *= passed > 0 ? Math.exp(-(double) passed / MEMORY_NANOS) : 1;
        atNanos = passed < 0 ? atNanos : nowNanos;
    }
}
