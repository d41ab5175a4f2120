// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/**
 * How long batches take, learnt from those that ran: a line through (rows, time) that forgets old batches.
 *
 * <p><b>Threads:</b> safe from any thread; holds its lock for a few instructions.
 */
final class ServiceTimes {
    /** Weight of all earlier batches against the next one: half of it is forgotten after 34. */
    private static final double MEMORY = 0.98;

    // All guarded by this: weighted sums over the batches that ran.
    private double weight;
    private double rows;
    private double rowsSquared;
    private double nanos;
    private double rowsTimesNanos;

    synchronized void add(int batchRows, long batchNanos) {
        weight = weight * MEMORY + 1;
        rows = rows * MEMORY + batchRows;
        rowsSquared = rowsSquared * MEMORY + (double) batchRows * batchRows;
        nanos = nanos * MEMORY + batchNanos;
        rowsTimesNanos = rowsTimesNanos * MEMORY + (double) batchRows * batchNanos;
    }

    /** Expected nanoseconds of a batch of {@code batchRows}; 0 before the first batch. */
    synchronized long estimateNanos(int batchRows) {
        if (weight == 0) {
            return 0;
        }
        double meanRows = rows / weight;
        double meanNanos = nanos / weight;
        double spread = rowsSquared / weight - meanRows * meanRows;
        // With batches of one size there is no line to see: time is then taken to be in proportion.
        double slope = spread > 1e-9 ? (rowsTimesNanos / weight - meanRows * meanNanos) / spread : meanNanos / meanRows;
        return Math.max(0, Math.round(meanNanos + slope * (batchRows - meanRows)));
    }

    /** Expected nanoseconds until {@code waitingRows} have run on {@code instances}; 0 before the first batch. */
    synchronized long drainNanos(long waitingRows, int instances) {
        return rows == 0 ? 0 : (long) (nanos / rows * waitingRows / Math.max(1, instances));
    }
}
