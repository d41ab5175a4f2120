// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/**
 * How long batches take, learnt from those that ran: a line through (rows, time) that forgets old batches. Its slope is kept while
 * batches are all of about one size, which tell nothing about others; before there were two sizes, time is in proportion to rows.
 *
 * <p><b>Threads:</b> safe from any thread; holds its lock for a few instructions.
 */
final class ServiceTimes {
    /** Weight of all earlier batches against the next one: half of it is forgotten after 34. */
    private static final double MEMORY = 0.98;

    /** Least spread of sizes, as a share of their mean, through which a line is drawn. */
    private static final double LEAST_SPREAD = 0.05;

    // All guarded by this: weighted sums over the batches that ran.
    private double weight;
    private double rows;
    private double rowsSquared;
    private double nanos;
    private double rowsTimesNanos;

    /** Guarded by this: nanoseconds by the row; negative while unknown. */
    private double slope = -1;

    synchronized void add(int batchRows, long batchNanos) {
        weight = weight * MEMORY + 1;
        rows = rows * MEMORY + batchRows;
        rowsSquared = rowsSquared * MEMORY + (double) batchRows * batchRows;
        nanos = nanos * MEMORY + batchNanos;
        rowsTimesNanos = rowsTimesNanos * MEMORY + (double) batchRows * batchNanos;
        double meanRows = rows / weight;
        double variance = rowsSquared / weight - meanRows * meanRows;
        double least = LEAST_SPREAD * meanRows;
        if (variance > least * least) {
            double seen = (rowsTimesNanos / weight - meanRows * nanos / weight) / variance;
            // No batch is faster for having more rows, nor slower than its rows one by one; what says so is noise.
            slope = Math.max(0, Math.min(seen, nanos / rows));
        }
    }

    /** Whether batches of different sizes have been seen. */
    synchronized boolean hasLine() {
        return slope >= 0;
    }

    /** Expected nanoseconds of a batch of {@code batchRows}; 0 before the first batch. */
    synchronized long estimateNanos(int batchRows) {
        if (weight == 0) {
            return 0;
        }
        return Math.max(0, Math.round(nanos / weight + slopeOrProportion() * (batchRows - rows / weight)));
    }

    /** Most rows of a batch that is expected to take no longer than {@code limitNanos}; 0 if none is, or nothing has run yet. */
    synchronized int rowsWithin(long limitNanos) {
        if (weight == 0) {
            return 0;
        }
        double left = limitNanos - nanos / weight;
        double perRow = slopeOrProportion();
        if (perRow == 0) {
            return left >= 0 ? Integer.MAX_VALUE : 0;
        }
        // Half a nanosecond, as estimates are rounded.
        return (int) Math.max(0, Math.floor(rows / weight + (left + 0.5) / perRow));
    }

    private double slopeOrProportion() {
        return slope >= 0 ? slope : nanos / rows;
    }

    /** Expected nanoseconds until {@code waitingRows} have run on {@code instances}; 0 before the first batch. */
    synchronized long drainNanos(long waitingRows, int instances) {
        return rows == 0 ? 0 : (long) (nanos / rows * waitingRows / Math.max(1, instances));
    }
}
