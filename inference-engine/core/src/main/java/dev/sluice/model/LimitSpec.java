// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one model version may use.
 *
 * @param queueCapacity most requests waiting, 1 or more; the next one is refused
 * @param responseTimeout longest time one batch may take
 * @param startupTimeout longest time loading may take
 * @param queueBytes most bytes of input waiting, 1 or more; {@link #ANY_BYTES} for no bound of the model's own
 * @param queueRows most rows waiting, 1 or more; empty for as many as {@code queueCapacity} full batches have
 * @param queueTimeout longest time a request waits, whatever longer time it asks for; empty for as long as it asks for
 * @param onlyIfIdle whether a request is refused at once unless an instance is free to take it
 */
public record LimitSpec(
        int queueCapacity,
        Duration responseTimeout,
        Duration startupTimeout,
        long queueBytes,
        OptionalLong queueRows,
        Optional<Duration> queueTimeout,
        boolean onlyIfIdle) {
    /** As many bytes as the server as a whole allows. */
    public static final long ANY_BYTES = Long.MAX_VALUE;

    public LimitSpec {
        if (queueCapacity < 1) {
            throw new IllegalArgumentException("jobQueueSize: " + queueCapacity + " (expected: 1 or more)");
        }
        if (queueBytes < 1) {
            throw new IllegalArgumentException("queueBytes: " + queueBytes + " (expected: 1 or more)");
        }
        if (queueRows.isPresent() && queueRows.getAsLong() < 1) {
            throw new IllegalArgumentException("queueRows: " + queueRows.getAsLong() + " (expected: 1 or more)");
        }
        if (queueTimeout.isPresent() && queueTimeout.get().compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException(
                    "queueTimeout: " + queueTimeout.get().toMillis() + " ms (expected: 1 or more)");
        }
    }

    /** Limits of a model whose requests may wait. */
    public LimitSpec(
            int queueCapacity,
            Duration responseTimeout,
            Duration startupTimeout,
            long queueBytes,
            OptionalLong queueRows,
            Optional<Duration> queueTimeout) {
        this(queueCapacity, responseTimeout, startupTimeout, queueBytes, queueRows, queueTimeout, false);
    }

    /** Limits without a bound on bytes and on the time of waiting. */
    public LimitSpec(int queueCapacity, Duration responseTimeout, Duration startupTimeout) {
        this(queueCapacity, responseTimeout, startupTimeout, ANY_BYTES, OptionalLong.empty(), Optional.empty(), false);
    }
}
