// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * One instance, as operators see it.
 *
 * @param number counts the instances of a model version from 1, never reused
 * @param ready whether it has warmed up and takes batches
 * @param onCard whether it surely runs on a graphics card
 * @param processId of the process it runs in, if that is not this one
 * @param failed whether it is not ready and has been tried in vain for longer than its model calls trying; tries may go on
 */
public record InstanceStatus(
        int number, Instant startedAt, boolean ready, boolean onCard, OptionalLong processId, boolean failed) {
    /** One that has not failed. */
    public InstanceStatus(int number, Instant startedAt, boolean ready, boolean onCard, OptionalLong processId) {
        this(number, startedAt, ready, onCard, processId, false);
    }

    /** One in this process. */
    public InstanceStatus(int number, Instant startedAt, boolean ready, boolean onCard) {
        this(number, startedAt, ready, onCard, OptionalLong.empty());
    }

    /** One in this process, on the processors. */
    public InstanceStatus(int number, Instant startedAt, boolean ready) {
        this(number, startedAt, ready, false);
    }
}
