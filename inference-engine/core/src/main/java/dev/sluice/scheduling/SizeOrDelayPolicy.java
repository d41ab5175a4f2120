// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.BatchSpec;

/**
 * Closes a batch when it is full or its oldest request has waited long enough, whichever comes first, as TorchServe does
 * (torchserve.md section 9.1). A request that already waited that long because all instances were busy waits no more.
 */
public final class SizeOrDelayPolicy implements BatchPolicy {
    private final int maxSize;
    private final long maxDelayNanos;

    public SizeOrDelayPolicy(BatchSpec spec) {
        this.maxSize = spec.maxSize();
        this.maxDelayNanos = spec.maxDelay().toNanos();
    }

    @Override
    public Decision decide(QueueFacts queue, long nowNanos) {
        if (queue.waiting() >= maxSize) {
            return new Decision.Close(maxSize);
        }
        if (nowNanos - queue.oldestNanos() >= maxDelayNanos) {
            return new Decision.Close(queue.waiting());
        }
        return new Decision.WaitUntil(queue.oldestNanos() + maxDelayNanos);
    }
}
