// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/**
 * The way from the versions of a model that are in memory to those that are wanted, one step at a time. Pure: the next step
 * follows from what is wanted and what is there.
 *
 * <p>Both ways forget versions that are neither wanted nor ready first, since nothing is in memory for them, load the highest
 * missing version before lower ones, and take no step while a version is on its way in or out. A version that failed is not loaded again: whoever decides that
 * it is time for another try shows it as wanted.
 *
 * <p>Source: tensorflow-serving.md section 5.3. Unlike there, the first way counts: two new versions replace two old ones without
 * a moment in which only one is ready.
 */
public enum TransitionPolicy {
    /**
     * Loads the new before it unloads the old. As long as versions are wanted, no step leaves fewer ready than there were, or than
     * are wanted if that is less; so a version that cannot be loaded keeps an old one serving. Needs memory for one version more.
     */
    AVAILABILITY_PRESERVING {
        @Override
        boolean mayUnload(int ready, int wanted) {
            return wanted == 0 || ready > wanted;
        }
    },

    /** Unloads the old before it loads the new: never more in memory than wanted, and nothing ready in between. */
    RESOURCE_PRESERVING {
        @Override
        boolean mayUnload(int ready, int wanted) {
            return true;
        }
    };

    /** One step. */
    public sealed interface Step {
        String version();

        /** Load it, registering it first if need be. */
        record Load(String version) implements Step {}

        /** Unload and forget it. */
        record Unload(String version) implements Step {}
    }

    /** Whether one of the ready versions that nobody wants may go now. */
    abstract boolean mayUnload(int ready, int wanted);

    /**
     * What to do next; empty when all is as wanted, as far as it can be, or something is on its way.
     *
     * @param wanted lowest first
     * @param actual the registered versions and where they stand
     */
    public Optional<Step> next(SortedSet<String> wanted, Map<String, ModelState.Kind> actual) {
        if (actual.containsValue(ModelState.Kind.LOADING) || actual.containsValue(ModelState.Kind.DRAINING)) {
            return Optional.empty();
        }
        return lowestUnwanted(wanted, actual, false)
                .or(() -> mayUnload(ready(actual), wanted.size())
                        ? lowestUnwanted(wanted, actual, true)
                        : Optional.empty())
                .or(() -> highestMissing(wanted, actual));
    }

    private static int ready(Map<String, ModelState.Kind> actual) {
        return (int) actual.values().stream()
                .filter(kind -> kind == ModelState.Kind.READY)
                .count();
    }

    private static Optional<Step> lowestUnwanted(
            SortedSet<String> wanted, Map<String, ModelState.Kind> actual, boolean isReady) {
        return actual.entrySet().stream()
                .filter(entry -> !wanted.contains(entry.getKey()))
                .filter(entry -> (entry.getValue() == ModelState.Kind.READY) == isReady)
                .map(Map.Entry::getKey)
                .min(VersionOrder.LOWEST_FIRST)
                .map(Step.Unload::new);
    }

    private static Optional<Step> highestMissing(SortedSet<String> wanted, Map<String, ModelState.Kind> actual) {
        return wanted.stream()
                .filter(version -> actual.getOrDefault(version, ModelState.Kind.WANTED) == ModelState.Kind.WANTED)
                .max(VersionOrder.LOWEST_FIRST)
                .map(Step.Load::new);
    }
}
