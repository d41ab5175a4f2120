// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.BatchSpec;
import java.time.Duration;

/**
 * Closes batches as {@link SizeOrDelayPolicy} does, but no larger than lets most requests be answered within a target: a request may
 * come just after a batch of the same size has started, so that two of them have to fit (batching-and-scheduling.md section 12).
 * How long batches take is learnt from those that ran; before the first, the largest size counts.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class LatencyTargetPolicy implements BatchPolicy {
    private final BatchSpec spec;
    private final long targetNanos;
    private final ServiceTimes times = new ServiceTimes();

    /** Written by carriers after each batch; a lost update is made good by the next. */
    private volatile int fullRows;

    public LatencyTargetPolicy(BatchSpec spec, Duration target) {
        this.spec = spec;
        this.targetNanos = target.toNanos();
        this.fullRows = spec.maxSize();
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
        int fit = spec.maxSize();
        while (fit > 1 && 2 * times.estimateNanos(fit) > targetNanos) {
            fit--;
        }
        fullRows = fit;
    }

    @Override
    public Decision decide(QueueFacts queue, long nowNanos) {
        int full = fullRows;
        if (queue.waiting() >= full) {
            return new Decision.Close(full);
        }
        // Waiting for company must leave the time in which the batch is computed.
        long sparable = targetNanos - times.estimateNanos(queue.waiting());
        long delay = Math.max(0, Math.min(spec.maxDelay().toNanos(), sparable));
        boolean hasWaited = queue.hasWaitedForInstance() || nowNanos - queue.oldestNanos() >= delay;
        if (hasWaited || queue.mustStart(nowNanos)) {
            return new Decision.Close(queue.waiting());
        }
        return new Decision.WaitUntil(queue.noLaterThanStartBy(queue.oldestNanos() + delay));
    }
}
