// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.VersionOrder;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The models that callers have asked for, whether or not they are loaded yet: what is to be there again after a restart.
 * Changing a model that is not among them changes nothing, since whoever put it into the registry answers for it.
 *
 * @param byName in the natural order of strings; immutable
 */
public record DesiredModels(SortedMap<String, DesiredModel> byName) {
    public static final DesiredModels NONE = new DesiredModels(Collections.emptySortedMap());

    public DesiredModels {
        byName = Collections.unmodifiableSortedMap(new TreeMap<>(byName));
    }

    /** What is wanted under that name and version. */
    public Optional<DesiredVersion> find(ModelId id) {
        return Optional.ofNullable(byName.get(id.name()))
                .flatMap(model -> Optional.ofNullable(model.byVersion().get(id.version())));
    }

    /** All versions of all models. */
    public Stream<DesiredVersion> versions() {
        return byName.values().stream().flatMap(model -> model.byVersion().values().stream());
    }

    /** @throws ServingException {@code ALREADY_EXISTS} */
    DesiredModels with(DesiredVersion version) {
        ModelId id = version.id();
        if (find(id).isPresent()) {
            throw new ServingException(
                    ErrorCode.ALREADY_EXISTS,
                    "Model version " + id.version() + " is already registered for model " + id.name());
        }
        DesiredModel model = byName.get(id.name());
        return withModel(id.name(), model == null ? DesiredModel.of(version) : model.with(version));
    }

    DesiredModels withInstances(ModelId id, InstanceSpec wanted) {
        return find(id).map(version -> changed(id.name(), model -> model.with(version.withInstances(wanted))))
                .orElse(this);
    }

    DesiredModels withDefault(ModelId id) {
        return find(id).isPresent() ? changed(id.name(), model -> model.withDefault(id.version(), true)) : this;
    }

    /** The same with another default version, if nobody chose the one there is. */
    DesiredModels withUnchosenDefault(String name, String version) {
        return changed(
                name,
                model -> model.isDefaultChosen()
                                || model.defaultVersion().equals(version)
                                || !model.byVersion().containsKey(version)
                        ? model
                        : model.withDefault(version, false));
    }

    DesiredModels withLabels(String name, Map<String, String> labels) {
        return changed(name, model -> model.withLabels(labels));
    }

    /**
     * What is left without {@code id}.
     *
     * @param heir becomes the default version if {@code id} was that; if it is not there, the highest one does
     */
    DesiredModels without(ModelId id, Optional<String> heir) {
        DesiredModel model = byName.get(id.name());
        if (model == null || !model.byVersion().containsKey(id.version())) {
            return this;
        }
        NavigableMap<String, DesiredVersion> left = new TreeMap<>(model.byVersion());
        left.remove(id.version());
        if (left.isEmpty()) {
            SortedMap<String, DesiredModel> others = new TreeMap<>(byName);
            others.remove(id.name());
            return new DesiredModels(others);
        }
        if (!id.version().equals(model.defaultVersion())) {
            return withModel(
                    id.name(), new DesiredModel(model.defaultVersion(), model.isDefaultChosen(), left, model.labels()));
        }
        String next = heir.filter(left::containsKey)
                .orElseGet(() ->
                        left.keySet().stream().max(VersionOrder.LOWEST_FIRST).orElseThrow());
        return withModel(id.name(), new DesiredModel(next, false, left, model.labels()));
    }

    /** The same without the one registration, and not one that was made under its name since. */
    DesiredModels without(DesiredVersion registered, Optional<String> heir) {
        return find(registered.id())
                .filter(now -> now.registration() == registered.registration())
                .map(now -> without(now.id(), heir))
                .orElse(this);
    }

    /** Puts a version back as it was, and its model's default version and labels if it was the only one. */
    DesiredModels withAgain(ModelId id, DesiredModels before) {
        DesiredModel was = before.byName().get(id.name());
        DesiredVersion version = was == null ? null : was.byVersion().get(id.version());
        if (was == null || version == null) {
            return this;
        }
        DesiredModel model = byName.get(id.name());
        if (model == null) {
            return withModel(id.name(), DesiredModel.of(version).withLabels(was.labels()));
        }
        DesiredModel grown = model.with(version);
        return withModel(
                id.name(),
                was.defaultVersion().equals(id.version())
                        ? grown.withDefault(id.version(), was.isDefaultChosen())
                        : grown);
    }

    /** Takes back that {@code id} became the default version, unless another one has since. */
    DesiredModels withDefaultAgain(ModelId id, DesiredModels before) {
        DesiredModel was = before.byName().get(id.name());
        return was == null
                ? this
                : changed(
                        id.name(),
                        model -> model.defaultVersion().equals(id.version())
                                        && model.byVersion().containsKey(was.defaultVersion())
                                ? model.withDefault(was.defaultVersion(), was.isDefaultChosen())
                                : model);
    }

    /** Takes back that a model got {@code labels}, unless it has got others since. */
    DesiredModels withLabelsAgain(String name, Map<String, String> labels, DesiredModels before) {
        DesiredModel was = before.byName().get(name);
        return was == null
                ? this
                : changed(name, model -> model.labels().equals(labels) ? model.withLabels(was.labels()) : model);
    }

    private DesiredModels changed(String name, UnaryOperator<DesiredModel> change) {
        DesiredModel model = byName.get(name);
        return model == null ? this : withModel(name, change.apply(model));
    }

    private DesiredModels withModel(String name, DesiredModel model) {
        SortedMap<String, DesiredModel> changed = new TreeMap<>(byName);
        changed.put(name, model);
        return new DesiredModels(changed);
    }
}
