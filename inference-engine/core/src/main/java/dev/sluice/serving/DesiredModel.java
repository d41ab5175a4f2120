// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One model that is wanted.
 *
 * @param defaultVersion the one that answers when callers name none; one of {@code byVersion}
 * @param isDefaultChosen whether somebody made it that, or it just was the first
 * @param byVersion at least one, in the natural order of strings; immutable
 * @param labels from label to version, which need not be there; immutable
 */
public record DesiredModel(
        String defaultVersion,
        boolean isDefaultChosen,
        SortedMap<String, DesiredVersion> byVersion,
        SortedMap<String, String> labels) {
    public DesiredModel {
        byVersion = Collections.unmodifiableSortedMap(new TreeMap<>(byVersion));
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        if (!byVersion.containsKey(defaultVersion)) {
            throw new IllegalArgumentException(
                    "defaultVersion: " + defaultVersion + " (expected: one of " + byVersion.keySet() + ")");
        }
    }

    static DesiredModel of(DesiredVersion only) {
        String version = only.id().version();
        return new DesiredModel(version, false, new TreeMap<>(Map.of(version, only)), Collections.emptySortedMap());
    }

    DesiredModel with(DesiredVersion version) {
        SortedMap<String, DesiredVersion> changed = new TreeMap<>(byVersion);
        changed.put(version.id().version(), version);
        return new DesiredModel(defaultVersion, isDefaultChosen, changed, labels);
    }

    DesiredModel withDefault(String version, boolean isChosen) {
        return new DesiredModel(version, isChosen, byVersion, labels);
    }

    DesiredModel withLabels(Map<String, String> changed) {
        return new DesiredModel(defaultVersion, isDefaultChosen, byVersion, new TreeMap<>(changed));
    }
}
