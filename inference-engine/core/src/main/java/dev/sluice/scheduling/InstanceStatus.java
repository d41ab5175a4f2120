// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.time.Instant;

/**
 * One instance, as operators see it.
 *
 * @param number counts the instances of a model version from 1, never reused
 * @param ready whether it has warmed up and takes batches
 */
public record InstanceStatus(int number, Instant startedAt, boolean ready) {}
