// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.Collection;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Chooses, among the versions of a model that are there, those to serve. Pure: the same versions give the same choice.
 *
 * <p>Source: tensorflow-serving.md section 5.2.
 */
public sealed interface VersionPolicy {
    /** The chosen ones, a subset of {@code there}, lowest first by {@link VersionOrder}. */
    SortedSet<String> wanted(Collection<String> there);

    /**
     * The highest ones.
     *
     * @param count how many, 1 or more; all of them when there are fewer
     */
    record Latest(int count) implements VersionPolicy {
        public Latest {
            if (count < 1) {
                throw new IllegalArgumentException("latest versions: " + count + " (expected: 1 or more)");
            }
        }

        @Override
        public SortedSet<String> wanted(Collection<String> there) {
            SortedSet<String> left = sorted(there);
            while (left.size() > count) {
                left.remove(left.first());
            }
            return left;
        }
    }

    /** Every one. */
    record All() implements VersionPolicy {
        @Override
        public SortedSet<String> wanted(Collection<String> there) {
            return sorted(there);
        }
    }

    /**
     * Those of a list, as far as they are there.
     *
     * @param versions at least one, so that a model is not unloaded by a list somebody forgot to fill
     */
    record Specific(Set<String> versions) implements VersionPolicy {
        public Specific {
            versions = Set.copyOf(versions);
            if (versions.isEmpty()) {
                throw new IllegalArgumentException("specific versions: none (expected: 1 or more)");
            }
        }

        @Override
        public SortedSet<String> wanted(Collection<String> there) {
            SortedSet<String> left = sorted(there);
            left.retainAll(versions);
            return left;
        }
    }

    private static SortedSet<String> sorted(Collection<String> versions) {
        SortedSet<String> sorted = new TreeSet<>(VersionOrder.LOWEST_FIRST);
        sorted.addAll(versions);
        return sorted;
    }
}
