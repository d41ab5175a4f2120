// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.model.BatchSpec;
import java.time.Duration;

/**
 * The settings of one model under measurement.
 *
 * @param maxBatch most requests in a batch; batches never wait for company
 * @param queueCapacity most requests waiting
 */
public record Sizing(int instances, int maxBatch, int queueCapacity) {
    BatchSpec batching() {
        return new BatchSpec(maxBatch, Duration.ZERO);
    }
}
