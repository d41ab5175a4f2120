// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;

/**
 * What one model version may use.
 *
 * @param queueCapacity most requests waiting, 1 or more; the next one is refused
 * @param responseTimeout longest time one batch may take
 * @param startupTimeout longest time loading may take
 * @param queueBytes most bytes of input waiting, 1 or more; {@link #ANY_BYTES} for no bound of the model's own
 */
public record LimitSpec(int queueCapacity, Duration responseTimeout, Duration startupTimeout, long queueBytes) {
    /** As many bytes as the server as a whole allows. */
    public static final long ANY_BYTES = Long.MAX_VALUE;

    public LimitSpec {
        if (queueCapacity < 1) {
            throw new IllegalArgumentException("jobQueueSize: " + queueCapacity + " (expected: 1 or more)");
        }
        if (queueBytes < 1) {
            throw new IllegalArgumentException("queueBytes: " + queueBytes + " (expected: 1 or more)");
        }
    }

    /** Limits without a bound on bytes. */
    public LimitSpec(int queueCapacity, Duration responseTimeout, Duration startupTimeout) {
        this(queueCapacity, responseTimeout, startupTimeout, ANY_BYTES);
    }
}
