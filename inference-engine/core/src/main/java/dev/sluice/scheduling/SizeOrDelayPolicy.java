// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.BatchSpec;

/**
 * Closes a batch when it is full or its oldest request has waited long enough, whichever comes first, as TorchServe does
 * (torchserve.md section 9.1). Unlike there, it waits only when an instance was idle when that request came: company has had its
 * chance while the instances were busy; and it never waits until a deadline cannot be met.
 */
public final class SizeOrDelayPolicy implements BatchPolicy {
    private final int maxSize;
    private final long maxDelayNanos;

    public SizeOrDelayPolicy(BatchSpec spec) {
        this.maxSize = spec.maxSize();
        this.maxDelayNanos = spec.maxDelay().toNanos();
    }

    @Override
    public int maxRows() {
        return maxSize;
    }

    @Override
    public Decision decide(QueueFacts queue, long nowNanos) {
        if (queue.waiting() >= maxSize) {
            return new Decision.Close(maxSize);
        }
        boolean hasWaited = queue.hasWaitedForInstance() || nowNanos - queue.oldestNanos() >= maxDelayNanos;
        if (hasWaited || queue.mustStart(nowNanos)) {
            return new Decision.Close(queue.waiting());
        }
        return new Decision.WaitUntil(queue.noLaterThanStartBy(queue.oldestNanos() + maxDelayNanos));
    }
}
