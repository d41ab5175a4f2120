// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.VersionSelector;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The versions of one model; at least one.
 *
 * @param defaultVersion the one that answers when the caller names none
 * @param isDefaultChosen whether somebody made it that; else it was the first, and gives way when it cannot be loaded
 * @param byVersion all of them, in the natural order of strings; immutable
 * @param labels what each label stands for, which need not be there any more; immutable
 */
public record ModelVersions(
        String defaultVersion,
        boolean isDefaultChosen,
        SortedMap<String, ModelVersion> byVersion,
        SortedMap<String, String> labels) {
    public ModelVersions {
        byVersion = Collections.unmodifiableSortedMap(new TreeMap<>(byVersion));
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        if (!byVersion.containsKey(defaultVersion)) {
            throw new IllegalArgumentException(
                    "defaultVersion: " + defaultVersion + " (expected: one of " + byVersion.keySet() + ")");
        }
    }

    static ModelVersions of(ModelVersion only) {
        String version = only.id().version();
        return new ModelVersions(version, false, new TreeMap<>(Map.of(version, only)), Collections.emptySortedMap());
    }

    /** The default version itself. */
    public ModelVersion defaultOne() {
        ModelVersion version = byVersion.get(defaultVersion);
        if (version == null) {
            throw new IllegalStateException("default version " + defaultVersion + " is missing");
        }
        return version;
    }

    /** What {@code selector} stands for here, whether or not there is such a version; empty for a label nobody gave. */
    public Optional<String> resolve(VersionSelector selector) {
        if (selector instanceof VersionSelector.Exact exact) {
            return Optional.of(exact.version());
        }
        return selector instanceof VersionSelector.Label label
                ? Optional.ofNullable(labels.get(label.label()))
                : Optional.of(defaultVersion);
    }

    /** The labels that stand for {@code version}, in the natural order of strings. */
    public List<String> labelsOf(String version) {
        return labels.entrySet().stream()
                .filter(label -> label.getValue().equals(version))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The highest version by {@link VersionOrder} that is ready; empty for none. */
    public Optional<ModelVersion> highestReady() {
        return byVersion.values().stream()
                .filter(ModelVersions::isReady)
                .max((one, other) -> VersionOrder.LOWEST_FIRST.compare(
                        one.id().version(), other.id().version()));
    }

    private static boolean isReady(ModelVersion version) {
        return version.state().kind() == ModelState.Kind.READY;
    }

    private boolean isDefaultFailed() {
        return defaultOne().state().kind() == ModelState.Kind.FAILED;
    }

    ModelVersions with(ModelVersion added) {
        SortedMap<String, ModelVersion> grown = new TreeMap<>(byVersion);
        grown.put(added.id().version(), added);
        return new ModelVersions(defaultVersion, isDefaultChosen, grown, labels);
    }

    ModelVersions withDefault(String version, boolean isChosen) {
        return new ModelVersions(version, isChosen, byVersion, labels);
    }

    ModelVersions withLabels(Map<String, String> changed) {
        return new ModelVersions(defaultVersion, isDefaultChosen, byVersion, new TreeMap<>(changed));
    }

    /** The same, but no request goes to a default nobody chose that cannot be loaded while another version is ready. */
    ModelVersions withUsableDefault() {
        return isDefaultChosen || !isDefaultFailed()
                ? this
                : highestReady()
                        .map(ready -> withDefault(ready.id().version(), false))
                        .orElse(this);
    }

    /** The same with the highest ready version as its default, unless a chosen default is ready. */
    ModelVersions withHighestDefault() {
        if (isDefaultChosen && isReady(defaultOne())) {
            return this;
        }
        return highestReady()
                .map(ready -> ready.id().version())
                .filter(version -> !version.equals(defaultVersion))
                .map(version -> withDefault(version, false))
                .orElse(this);
    }

    /**
     * What is left without {@code id}; null for nothing. A default that could not be loaded serves nobody, so it may go, and
     * another version takes its place: the highest that is ready, else the highest.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} for any other default version while there are others
     */
    @Nullable
    ModelVersions without(ModelId id) {
        if (byVersion.size() > 1 && id.version().equals(defaultVersion) && !isDefaultFailed()) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "Cannot remove default version for model " + id.name());
        }
        return withoutEven(id);
    }

    /** As {@link #without}, but for any default version. */
    @Nullable
    ModelVersions withoutEven(ModelId id) {
        SortedMap<String, ModelVersion> shrunk = new TreeMap<>(byVersion);
        shrunk.remove(id.version());
        if (shrunk.isEmpty()) {
            return null;
        }
        if (!id.version().equals(defaultVersion)) {
            return new ModelVersions(defaultVersion, isDefaultChosen, shrunk, labels);
        }
        ModelVersions heirs = new ModelVersions(shrunk.firstKey(), false, shrunk, labels);
        String highest = shrunk.keySet().stream().max(VersionOrder.LOWEST_FIRST).orElseThrow();
        return heirs.withDefault(
                heirs.highestReady().map(ready -> ready.id().version()).orElse(highest), false);
    }
}
