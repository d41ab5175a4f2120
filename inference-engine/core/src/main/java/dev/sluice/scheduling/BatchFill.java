// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.RequestContext;
import dev.sluice.model.AllowedSizes;

/**
 * How far one batch is filled. Where an engine takes any number of rows, as far as it may be; else up to the allowed size at which
 * a real row costs least, since a few rows more may mean a batch that is mostly padding.
 *
 * @param sizes the numbers of rows the engine may be given
 * @param times how long batches of a number of rows take, padding included
 * @param most rows the batch may have; the first request goes even if it alone has more
 * @param waiting rows that could run together now
 * @param nowNanos when the batch is formed
 */
record BatchFill(AllowedSizes sizes, ServiceTimes times, int most, int waiting, long nowNanos) {
    /** Whether a batch that has {@code rows} rows is cheaper by the row than one with more; the next request has {@code next}. */
    boolean isBestAt(int rows, int next) {
        int size = sizes.holding(rows);
        if (sizes.isAny() || rows + next <= size) {
            // What would be padding costs nothing.
            return false;
        }
        double nanosPerRow = nanosPerRow(size, rows);
        if (nanosPerRow == 0) {
            // Nothing has run yet.
            return false;
        }
        int reachable = Math.min(waiting, most);
        int last = sizes.holding(reachable);
        for (int larger : sizes.sizes()) {
            if (larger > size && larger <= last && nanosPerRow(larger, Math.min(larger, reachable)) <= nanosPerRow) {
                return false;
            }
        }
        return true;
    }

    private double nanosPerRow(int size, int rows) {
        return (double) times.estimateNanos(size) / rows;
    }

    /** Whether {@code left} can still be computed by its deadline when a batch of {@code rows} rows goes before it. */
    boolean canWait(PendingRequest left, int rows) {
        if (left.untilNanos() == RequestContext.NO_DEADLINE) {
            return true;
        }
        long both = times.estimateNanos(sizes.holding(rows)) + times.estimateNanos(sizes.holding(left.rows()));
        return left.untilNanos() - nowNanos >= both + TimerWheel.TICK_NANOS;
    }
}
