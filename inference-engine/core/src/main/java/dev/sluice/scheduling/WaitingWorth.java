// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.function.IntToLongFunction;

/**
 * Whether a free instance gains from waiting for more rows, and how long (batching-and-scheduling.md section 12). Pure.
 */
final class WaitingWorth {
    private WaitingWorth() {}

    /**
     * How long those that wait may be kept waiting for {@code missing} rows more, from when the oldest of them came: the time in which
     * as many are expected, 0 if not even one is within {@code mostNanos}, and never more than that.
     *
     * @param rowsPerNano how many rows come
     */
    static long windowNanos(int missing, double rowsPerNano, long mostNanos) {
        if (mostNanos <= 0 || missing <= 0 || rowsPerNano * mostNanos < 1) {
            return 0;
        }
        return (long) Math.min((double) mostNanos, missing / rowsPerNano);
    }

    /**
     * Whether the instance saves more time than those that wait lose: it saves what {@code rows} and the rows expected in the
     * meantime take less together than apart, and each of those that wait loses {@code windowNanos}.
     *
     * @param times expected time of a batch by its rows
     */
    static boolean isWorth(int rows, double rowsPerNano, long windowNanos, IntToLongFunction times) {
        int expected = (int) Math.min(Integer.MAX_VALUE - rows, Math.round(rowsPerNano * windowNanos));
        if (expected < 1) {
            return false;
        }
        int together = rows + expected;
        double savedByTheRow =
                (double) times.applyAsLong(rows) / rows - (double) times.applyAsLong(together) / together;
        return savedByTheRow * together > (double) windowNanos * rows;
    }
}
