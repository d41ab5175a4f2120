// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;

/**
 * What one model version may use.
 *
 * @param queueCapacity most requests waiting, 1 or more; the next one is refused
 * @param responseTimeout longest time one batch may take
 * @param startupTimeout longest time loading may take
 */
public record LimitSpec(int queueCapacity, Duration responseTimeout, Duration startupTimeout) {
    public LimitSpec {
        if (queueCapacity < 1) {
            throw new IllegalArgumentException("jobQueueSize: " + queueCapacity + " (expected: 1 or more)");
        }
    }
}
