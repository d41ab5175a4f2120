// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import java.time.Duration;

/**
 * Sizes batches and waits for company so that most requests are answered within a target, with nothing else to be set: a request may
 * come just after a batch of the same size has started, so that two of them have to fit (batching-and-scheduling.md section 12).
 *
 * <p>How long batches take is learnt from those that ran. It begins with the smallest size and goes up as soon as a batch has told
 * that there is room, which takes two batches; from then on the size is what a line through the times says, as corrected by
 * {@link AdaptiveCap}. A free instance waits for more rows only if enough of them come to make up for the wait.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class LatencyTargetPolicy implements BatchPolicy {
    private final BatchSpec spec;
    private final AllowedSizes sizes;
    private final long targetNanos;
    private final ServiceTimes times = new ServiceTimes();

    /** Written by carriers after each batch; a lost update is made good by the next. */
    private volatile int fullRows;

    /** Written likewise. */
    private volatile AdaptiveCap cap;

    /** Written likewise: most rows of a batch so far. */
    private volatile int mostSeen;

    public LatencyTargetPolicy(BatchSpec spec, Duration target) {
        this.spec = spec;
        this.sizes = spec.sizes();
        this.targetNanos = target.toNanos();
        this.cap = AdaptiveCap.of(spec.maxSize());
        this.fullRows = sizes.within(1);
    }

    @Override
    public int maxRows() {
        return spec.maxSize();
    }

    @Override
    public int fullRows() {
        return fullRows;
    }

    @Override
    public void executed(int rows, long computeNanos) {
        times.add(rows, computeNanos);
        mostSeen = Math.max(mostSeen, rows);
        AdaptiveCap next = cap.after(computeNanos <= targetNanos / 2, rows >= fullRows, fullRows, sizes);
        cap = next;
        fullRows = sizes.within(Math.max(1, next.rows(fitting())));
    }

    /** Rows of which two batches are expected to fit into the target. */
    private int fitting() {
        int fitting = times.rowsWithin(targetNanos / 2);
        // Times of one size say nothing about others: the next one is tried, if there is any room.
        boolean isUnknown = !times.hasLine() && fitting >= mostSeen;
        return isUnknown ? sizes.after(mostSeen) : fitting;
    }

    @Override
    public Decision decide(QueueFacts queue, long nowNanos) {
        int full = fullRows;
        if (queue.waiting() >= full) {
            return new Decision.Close(full);
        }
        long closeAt = queue.oldestNanos() + windowNanos(queue, full);
        if (queue.hasWaitedForInstance() || nowNanos - closeAt >= 0 || queue.mustStart(nowNanos)) {
            return new Decision.Close(queue.waiting());
        }
        return new Decision.WaitUntil(queue.noLaterThanStartBy(closeAt));
    }

    private long windowNanos(QueueFacts queue, int full) {
        // Waiting for company must leave the time in which the batch is computed.
        long sparable = targetNanos - times.estimateNanos(full);
        long most = Math.min(spec.maxDelay().toNanos(), sparable);
        long window = WaitingWorth.windowNanos(full - queue.waiting(), queue.rowsPerNano(), most);
        boolean isWorth = WaitingWorth.isWorth(
                queue.waiting(), queue.rowsPerNano(), window, rows -> times.estimateNanos(sizes.holding(rows)));
        return isWorth ? window : 0;
    }
}
