// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The versions of one model; at least one.
 *
 * @param defaultVersion the one that answers when the caller names none
 * @param byVersion all of them, in the natural order of strings; immutable
 */
public record ModelVersions(String defaultVersion, SortedMap<String, ModelVersion> byVersion) {
    public ModelVersions {
        byVersion = Collections.unmodifiableSortedMap(new TreeMap<>(byVersion));
        if (!byVersion.containsKey(defaultVersion)) {
            throw new IllegalArgumentException(
                    "defaultVersion: " + defaultVersion + " (expected: one of " + byVersion.keySet() + ")");
        }
    }

    static ModelVersions of(ModelVersion only) {
        return new ModelVersions(
                only.id().version(), new TreeMap<>(Map.of(only.id().version(), only)));
    }

    /** The default version itself. */
    public ModelVersion defaultOne() {
        ModelVersion version = byVersion.get(defaultVersion);
        if (version == null) {
            throw new IllegalStateException("default version " + defaultVersion + " is missing");
        }
        return version;
    }

    ModelVersions with(ModelVersion added) {
        SortedMap<String, ModelVersion> grown = new TreeMap<>(byVersion);
        grown.put(added.id().version(), added);
        return new ModelVersions(defaultVersion, grown);
    }

    ModelVersions withDefault(String version) {
        return new ModelVersions(version, byVersion);
    }

    /** What is left without {@code id}; null for nothing. */
    @Nullable
    ModelVersions without(ModelId id) {
        SortedMap<String, ModelVersion> shrunk = new TreeMap<>(byVersion);
        shrunk.remove(id.version());
        if (shrunk.isEmpty()) {
            return null;
        }
        if (id.version().equals(defaultVersion)) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "Cannot remove default version for model " + id.name());
        }
        return new ModelVersions(defaultVersion, shrunk);
    }
}
