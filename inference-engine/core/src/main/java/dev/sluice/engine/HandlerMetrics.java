// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.ModelId;

/**
 * Takes values of metrics of a handler's own, and shows them beside those of the server. Whether a metric that nobody declared
 * is shown is the operator's choice.
 *
 * <p><b>Threads:</b> safe from any thread; waits for nobody.
 *
 * <p><b>Errors:</b> none. What cannot be taken is dropped: no request fails for a metric.
 */
@FunctionalInterface
public interface HandlerMetrics {
    /** Drops all values. */
    HandlerMetrics NONE = metric -> {};

    /** Takes {@code metric}. */
    void add(HandlerMetric metric);

    /** What takes the values of {@code model}'s handler. */
    default HandlerMetrics of(ModelId model) {
        return this;
    }
}
