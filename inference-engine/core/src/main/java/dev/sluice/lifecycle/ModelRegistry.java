// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.VersionSelector;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Every registered version by name, as an immutable map that is replaced whole.
 *
 * <p><b>Threads:</b> reads and {@link #acquire} are lock-free from any thread; changes come from the lifecycle.
 */
public final class ModelRegistry {
    /** Written under the lock of this; the map itself never changes. */
    private volatile SortedMap<String, ModelVersions> models = Collections.emptySortedMap();

    /**
     * A handle on the version {@code ref} means now.
     *
     * @throws ServingException {@code MODEL_NOT_FOUND}, {@code VERSION_NOT_FOUND}, {@code LABEL_NOT_FOUND} or
     *     {@code MODEL_UNAVAILABLE}
     */
    public ModelHandle acquire(ModelRef ref) {
        while (true) {
            SortedMap<String, ModelVersions> seen = models;
            ModelVersion version = find(seen, ref);
            try {
                return version.acquire();
            } catch (ServingException refusal) {
                // It may have been replaced between the two steps, and then it is the replacement that was meant.
                if (seen == models) {
                    throw refusal;
                }
            }
        }
    }

    /**
     * The version {@code ref} means now.
     *
     * @throws ServingException {@code MODEL_NOT_FOUND}, {@code VERSION_NOT_FOUND} or {@code LABEL_NOT_FOUND}
     */
    public ModelVersion find(ModelRef ref) {
        return find(models, ref);
    }

    private static ModelVersion find(SortedMap<String, ModelVersions> models, ModelRef ref) {
        ModelVersions versions = versionsOf(models, ref.name());
        String wanted = versions.resolve(ref.selector()).orElseThrow(() -> unknownLabel(ref));
        ModelVersion version = versions.byVersion().get(wanted);
        if (version == null) {
            throw ServingException.refusal(
                    ErrorCode.VERSION_NOT_FOUND,
                    "Model version: " + wanted + " does not exist for model: " + ref.name());
        }
        return version;
    }

    private static ServingException unknownLabel(ModelRef ref) {
        String label = ref.selector() instanceof VersionSelector.Label wanted ? wanted.label() : "";
        return new ServingException(
                ErrorCode.LABEL_NOT_FOUND, "Label: " + label + " is not given to any version of model: " + ref.name());
    }

    /**
     * All versions of {@code name}.
     *
     * @throws ServingException {@code MODEL_NOT_FOUND}
     */
    public ModelVersions versionsOf(String name) {
        return versionsOf(models, name);
    }

    private static ModelVersions versionsOf(SortedMap<String, ModelVersions> models, String name) {
        return Optional.ofNullable(models.get(name))
                .orElseThrow(() -> ServingException.refusal(ErrorCode.MODEL_NOT_FOUND, "Model not found: " + name));
    }

    /** All models, by name in the natural order of strings; immutable. */
    public SortedMap<String, ModelVersions> models() {
        return models;
    }

    /**
     * Adds a version; the first one of a name becomes its default.
     *
     * @throws ServingException {@code ALREADY_EXISTS}
     */
    void add(ModelVersion version) {
        ModelId id = version.id();
        change(id.name(), versions -> {
            if (versions != null && versions.byVersion().containsKey(id.version())) {
                throw new ServingException(
                        ErrorCode.ALREADY_EXISTS,
                        "Model version " + id.version() + " is already registered for model " + id.name());
            }
            return versions == null ? ModelVersions.of(version) : versions.with(version);
        });
    }

    /**
     * Removes a version.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} for the default version while there are others, unless loading it failed
     */
    void remove(ModelId id) {
        change(id.name(), versions -> versions == null ? null : versions.without(id));
    }

    /** Removes a version; if it was the default, the highest one that is ready becomes that. */
    void removeEven(ModelId id) {
        change(id.name(), versions -> versions == null ? null : versions.withoutEven(id));
    }

    /** Moves a default that nobody chose from a version that failed to one that is ready, if there is one. */
    void settleDefault(String name) {
        change(name, versions -> versions == null ? null : versions.withUsableDefault());
    }

    /** Makes the highest version that is ready the default, unless somebody chose one that is ready too. */
    void followHighest(String name) {
        change(name, versions -> versions == null ? null : versions.withHighestDefault());
    }

    /** Replaces all labels of a model at once. */
    void setLabels(String name, Map<String, String> labels) {
        change(name, versions -> versions == null ? null : versions.withLabels(labels));
    }

    /**
     * Makes {@code id} the default version of its model, by somebody's choice.
     *
     * @throws ServingException {@code MODEL_NOT_FOUND} or {@code VERSION_NOT_FOUND}
     */
    void setDefault(ModelId id) {
        ModelVersion unused = find(ModelRef.of(id.name(), id.version()));
        change(id.name(), versions -> versions == null ? null : versions.withDefault(id.version(), true));
    }

    private synchronized void change(String name, NullableOperator operator) {
        ModelVersions before = models.get(name);
        ModelVersions changed = operator.apply(before);
        if (Objects.equals(changed, before)) {
            return;
        }
        SortedMap<String, ModelVersions> after = new TreeMap<>(models);
        if (changed == null) {
            after.remove(name);
        } else {
            after.put(name, changed);
        }
        models = Collections.unmodifiableSortedMap(after);
    }

    /** From the versions of a name, or null for none, to what they become, or null for none. */
    private interface NullableOperator {
        @Nullable
        ModelVersions apply(@Nullable ModelVersions before);
    }
}
