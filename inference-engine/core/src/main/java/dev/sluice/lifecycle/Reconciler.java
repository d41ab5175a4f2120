// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is served as a source and the rules of its models want it: loads versions that came, unloads those that went, tries
 * again those that failed, moves the default to the highest version that is ready, and gives labels when their versions are
 * ready. One step at a time for each model, so operators' changes come in between.
 *
 * <p><b>Threads:</b> safe from any thread; returns at once. Steps run on the load pool, as the changes of {@link ModelLifecycle} that
 * they are. There is no thread and, while nothing has failed, no timer for a model.
 */
public final class Reconciler implements ModelSource.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);

    private final ModelRegistry registry;
    private final ModelLifecycle lifecycle;
    private final ModelSource source;
    private final Function<String, ServingRules> rules;
    private final Alarm alarm;
    private final ConcurrentHashMap<String, SourcedModel> models = new ConcurrentHashMap<>();

    /** Written by whoever closes this. */
    private volatile boolean closed;

    /** @param rules by model name; asked again at each step, so they may change: {@link #follow} makes a change felt */
    public Reconciler(
            ModelRegistry registry,
            ModelLifecycle lifecycle,
            ModelSource source,
            Function<String, ServingRules> rules,
            Alarm alarm) {
        this.registry = registry;
        this.lifecycle = lifecycle;
        this.source = source;
        this.rules = rules;
        this.alarm = alarm;
    }

    /** Follows the source from now on. */
    public void start() {
        source.start(this);
    }

    @Override
    public void versions(String name, Set<String> there) {
        SourcedModel unused = models.compute(name, (unusedName, known) -> {
            SourcedModel model = known == null ? new SourcedModel(name) : known;
            model.there(there);
            return model;
        });
        submitStep(name);
    }

    /** Looks at a model again, because its rules changed. */
    public void follow(String name) {
        if (models.containsKey(name)) {
            submitStep(name);
        }
    }

    /** The versions of a model that could not be loaded so far, and why, lowest first. */
    public SortedMap<String, LoadFailure> failures(String name) {
        SortedMap<String, LoadFailure> failures = new TreeMap<>(VersionOrder.LOWEST_FIRST);
        SourcedModel model = models.get(name);
        if (model != null) {
            failures.putAll(model.failures);
        }
        return failures;
    }

    /** Ends the source, and takes no step from now on; what is loaded stays. */
    @Override
    public void close() {
        closed = true;
        source.close();
    }

    /** By name, since a model that was forgotten and told of again is another object. */
    private void submitStep(String name) {
        CompletionStage<Boolean> unused = lifecycle
                .change(name, () -> {
                    SourcedModel model = models.get(name);
                    return !closed && model != null && step(model);
                })
                .whenComplete((more, failure) -> {
                    if (failure == null && more) {
                        submitStep(name);
                    } else if (failure != null && ServingException.from(failure).code() != ErrorCode.SHUTTING_DOWN) {
                        LOG.error("Model {} could not be brought to what is wanted", name, failure);
                    }
                });
    }

    /** @return whether something was done, so that there may be more to do */
    private boolean step(SourcedModel model) {
        ServingRules wish = rules.apply(model.name);
        SortedSet<String> wanted = wish.versions().wanted(model.there());
        Optional<TransitionPolicy.Step> next = wish.transitions().next(wanted, actual(model));
        next.ifPresent(step -> take(model, wish, step));
        settle(model, wish);
        return next.isPresent();
    }

    /** Where the versions stand, with those that are to be tried again shown as wanted. */
    private Map<String, ModelState.Kind> actual(SourcedModel model) {
        Map<String, ModelState.Kind> actual = new HashMap<>();
        registered(model)
                .ifPresent(versions ->
                        versions.byVersion().forEach((id, version) -> actual.put(id, shown(model, version))));
        model.failures.forEach((version, failure) -> actual.computeIfAbsent(
                version, unused -> failure.next() == LoadFailure.Next.DUE ? null : ModelState.Kind.FAILED));
        return actual;
    }

    private static ModelState.Kind shown(SourcedModel model, ModelVersion version) {
        ModelState.Kind kind = version.state().kind();
        LoadFailure failure = model.failures.get(version.id().version());
        boolean isDue = failure == null || failure.next() == LoadFailure.Next.DUE;
        return kind == ModelState.Kind.FAILED && isDue ? ModelState.Kind.WANTED : kind;
    }

    private Optional<ModelVersions> registered(SourcedModel model) {
        return Optional.ofNullable(registry.models().get(model.name));
    }

    private void take(SourcedModel model, ServingRules wish, TransitionPolicy.Step step) {
        ModelId id = new ModelId(model.name, step.version());
        if (step instanceof TransitionPolicy.Step.Unload) {
            unload(model, id);
            return;
        }
        try {
            load(model, id);
            model.failures.remove(id.version());
        } catch (RuntimeException | Error e) {
            failed(model, wish.retry(), id, ServingException.from(e));
        }
    }

    private void load(SourcedModel model, ModelId id) {
        // Anew for each try: what was half copied may be whole now.
        ModelSpec spec = source.resolve(id);
        model.resolved.put(id.version(), spec);
        ModelVersion known = find(model, id);
        if (known != null) {
            known.spec(spec);
        }
        ModelVersion version = known == null ? lifecycle.addNow(spec) : known;
        InstanceSpec wanted = spec.instances();
        ModelVersion unused =
                lifecycle.scaleNow(version, wanted.min() > 0 ? wanted : new InstanceSpec(1, Math.max(1, wanted.max())));
    }

    private void unload(SourcedModel model, ModelId id) {
        ModelVersion version = find(model, id);
        if (version != null) {
            lifecycle.removeEvenNow(version);
        }
        model.failures.remove(id.version());
        discard(model, id);
    }

    private void failed(SourcedModel model, LoadRetry retry, ModelId id, ServingException reason) {
        LoadFailure before = model.failures.get(id.version());
        int tries = before == null ? 1 : before.tries() + 1;
        discard(model, id);
        boolean isLast = tries >= retry.tries();
        LoadFailure failure = new LoadFailure(tries, reason, isLast ? LoadFailure.Next.NONE : LoadFailure.Next.WAITING);
        model.failures.put(id.version(), failure);
        if (isLast) {
            LOG.error("Model {} is given up after {} tries: {}", id, tries, reason.safeMessage());
            return;
        }
        Duration pause = retry.pauseAfter(tries);
        LOG.warn("Model {} is tried again in {} ms, try {} of {}", id, pause.toMillis(), tries + 1, retry.tries());
        alarm.after(pause, () -> {
            // Not if the version went away meanwhile, even if it came back.
            if (!closed && model.failures.replace(id.version(), failure, failure.due())) {
                submitStep(id.name());
            }
        });
    }

    private void settle(SourcedModel model, ServingRules wish) {
        registered(model)
                .ifPresentOrElse(
                        versions -> {
                            registry.followHighest(model.name);
                            wish.labels().forEach((label, version) -> settleLabel(versions, label, version));
                        },
                        () -> forget(model));
    }

    private void settleLabel(ModelVersions versions, String label, String version) {
        ModelVersion target = versions.byVersion().get(version);
        if (target != null
                && target.state().kind() == ModelState.Kind.READY
                && !version.equals(versions.labels().get(label))) {
            lifecycle.setLabelNow(target.id(), label, false);
        }
    }

    /** Forgets a model of which nothing is left, unless the source has told of it again meanwhile. */
    private void forget(SourcedModel model) {
        models.computeIfPresent(
                model.name, (name, known) -> known == model && known.there().isEmpty() ? null : known);
    }

    private @Nullable ModelVersion find(SourcedModel model, ModelId id) {
        return registered(model)
                .map(versions -> versions.byVersion().get(id.version()))
                .orElse(null);
    }

    private void discard(SourcedModel model, ModelId id) {
        ModelSpec spec = model.resolved.remove(id.version());
        if (spec == null) {
            return;
        }
        try {
            source.discard(spec);
        } catch (RuntimeException e) {
            LOG.warn("The files of model {} could not be deleted", id, e);
        }
    }
}
