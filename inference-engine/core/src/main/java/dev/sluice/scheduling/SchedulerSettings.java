// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.model.AllowedSizes;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.PrioritySpec;
import dev.sluice.model.SequenceSpec;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The bounds of one scheduler.
 *
 * @param queueCapacity most requests waiting
 * @param queueBytes most bytes of input waiting
 * @param responseTimeout longest time one call of an instance may take; empty for any
 * @param priorities the levels requests can have
 * @param sizes the numbers of rows the engine may be given
 * @param splits whether a request with more rows than a batch may have runs in parts
 * @param queueRows most rows waiting; empty for as many as {@code queueCapacity} full batches have
 * @param queueTimeout longest time a request waits; empty for as long as it asks for
 * @param sequences the bounds of sequences; empty if requests have nothing to do with each other
 * @param onlyIfIdle whether a request is refused at once unless an instance is free to take it
 */
public record SchedulerSettings(
        int queueCapacity,
        long queueBytes,
        Optional<Duration> responseTimeout,
        PrioritySpec priorities,
        AllowedSizes sizes,
        boolean splits,
        OptionalLong queueRows,
        Optional<Duration> queueTimeout,
        Optional<SequenceSpec> sequences,
        boolean onlyIfIdle) {
    /** Whose requests may wait for an instance. */
    public SchedulerSettings(
            int queueCapacity,
            long queueBytes,
            Optional<Duration> responseTimeout,
            PrioritySpec priorities,
            AllowedSizes sizes,
            boolean splits,
            OptionalLong queueRows,
            Optional<Duration> queueTimeout,
            Optional<SequenceSpec> sequences) {
        this(
                queueCapacity,
                queueBytes,
                responseTimeout,
                priorities,
                sizes,
                splits,
                queueRows,
                queueTimeout,
                sequences,
                false);
    }

    /** For an engine that takes any number of rows, without splitting and without a limit on waiting. */
    public SchedulerSettings(
            int queueCapacity, long queueBytes, Optional<Duration> responseTimeout, PrioritySpec priorities) {
        this(
                queueCapacity,
                queueBytes,
                responseTimeout,
                priorities,
                AllowedSizes.ANY,
                false,
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** What {@code spec} says. */
    public static SchedulerSettings of(ModelSpec spec) {
        Duration timeout = spec.limits().responseTimeout();
        boolean isLimited = !timeout.isNegative() && !timeout.isZero();
        return new SchedulerSettings(
                spec.limits().queueCapacity(),
                spec.limits().queueBytes(),
                isLimited ? Optional.of(timeout) : Optional.empty(),
                spec.batching().priorities(),
                spec.batching().sizes(),
                spec.batching().splits(),
                spec.limits().queueRows(),
                spec.limits().queueTimeout(),
                spec.batching().sequences(),
                spec.limits().onlyIfIdle());
    }
}
