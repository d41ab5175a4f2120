// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.model.ModelSpec;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a {@link Reconciler} remembers of one model.
 *
 * <p><b>Threads:</b> {@link #there} is written by whoever the source tells on, who forgets the failures of versions that are gone;
 * the rest by the change that runs for this model. Alarms only turn a waiting failure into a due one.
 */
final class SourcedModel {
    /** By version, what it was resolved to. */
    final Map<String, ModelSpec> resolved = new ConcurrentHashMap<>();

    /** By version, why it could not be loaded. */
    final ConcurrentHashMap<String, LoadFailure> failures = new ConcurrentHashMap<>();

    final String name;

    /** Written by the source's thread: the versions that are there. */
    private volatile Set<String> there = Set.of();

    SourcedModel(String name) {
        this.name = name;
    }

    Set<String> there() {
        return there;
    }

    /** A version that is not there now, and comes back, is a new one: its failures are forgotten. */
    void there(Set<String> versions) {
        there = Set.copyOf(versions);
        failures.keySet().retainAll(there);
    }
}
