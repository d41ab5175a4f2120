// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelLifecycle.Addition;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.lifecycle.ModelVersion;
import dev.sluice.lifecycle.ModelVersions;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.serving.DesiredState.Need;
import dev.sluice.serving.ModelJournal.Occasion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane: registers, scales, describes and removes models. Each change is written down before it is acted on, and
 * taken back there if it then fails, so that what callers were told survives the end of the process.
 *
 * <p><b>Threads:</b> safe from any thread; returns at once.
 *
 * <p><b>Errors:</b> stages fail with a {@link ServingException}, which stages chained to them see wrapped:
 * {@link ServingException#from} unwraps; {@code INTERNAL} for a change that could not be written down. Queries throw one.
 */
public final class ModelAdmin {
    private static final Logger LOG = LoggerFactory.getLogger(ModelAdmin.class);

    private final ModelRegistry registry;
    private final ModelLifecycle lifecycle;
    private final ModelResolver resolver;
    private final Executor loadPool;
    private final DesiredState wanted;
    private final AtomicLong registrations;

    /** Names; a name leaves with its last version. */
    private final Set<String> startupModels = ConcurrentHashMap.newKeySet();

    /** Of a process whose models end with it. */
    public ModelAdmin(ModelRegistry registry, ModelLifecycle lifecycle, ModelResolver resolver, Executor loadPool) {
        this(registry, lifecycle, resolver, loadPool, ModelJournal.NONE, DesiredModels.NONE);
    }

    /**
     * Of a process that goes on where an earlier one ended.
     *
     * @param restored what that one wrote down; {@link #restore} makes it come true
     */
    public ModelAdmin(
            ModelRegistry registry,
            ModelLifecycle lifecycle,
            ModelResolver resolver,
            Executor loadPool,
            ModelJournal journal,
            DesiredModels restored) {
        this.registry = registry;
        this.lifecycle = lifecycle;
        this.resolver = resolver;
        this.loadPool = loadPool;
        this.wanted = new DesiredState(journal, restored);
        this.registrations = new AtomicLong(restored.versions()
                .mapToLong(DesiredVersion::registration)
                .max()
                .orElse(0));
    }

    /**
     * What a registration has led to so far.
     *
     * @param spec the resolved wish; its instances are those that {@link #ready} waits for
     * @param ready completes when they run; fails with why they do not
     */
    public record Registration(ModelSpec spec, CompletionStage<Void> ready) {}

    /**
     * What scaling has led to so far.
     *
     * @param done completes when the instances run; fails with why they do not
     */
    public record Scaling(CompletionStage<ModelStatus> done) {}

    /**
     * Resolves and registers; completes once the version is written down and known, while its instances may still be
     * starting. A model the server starts with is written down with the change after it, since it comes back by itself.
     */
    public CompletionStage<Registration> register(RegisterModel command) {
        return onLoadPool(() -> resolver.resolve(command)).thenCompose(spec -> register(spec, command));
    }

    private CompletionStage<Registration> register(ModelSpec spec, RegisterModel command) {
        DesiredVersion wish = DesiredVersion.of(spec, command, registrations.incrementAndGet());
        CompletionStage<Addition> addition = wanted.change(
                command.atStartup() ? Need.NEXT_TIME : Need.WRITTEN,
                models -> models.with(wish),
                before -> lifecycle.add(spec, command.keepIfFailed()));
        return andIfItFails(addition, () -> discarded(spec))
                .thenCompose(made -> andIfItFails(made.added(), () -> forget(wish, spec))
                        .thenApply(version -> registered(made, wish, spec)));
    }

    private Registration registered(Addition made, DesiredVersion wish, ModelSpec spec) {
        if (wish.asked().atStartup()) {
            startupModels.add(spec.id().name());
        }
        CompletionStage<Void> ready = made.running().thenAccept(version -> {});
        return new Registration(
                spec, wish.asked().keepIfFailed() ? ready : andIfItFails(ready, () -> forget(wish, spec)));
    }

    /** The registration came to nothing. */
    private CompletionStage<Void> forget(DesiredVersion wish, ModelSpec spec) {
        return wanted.correct(models -> models.without(wish, heirOf(wish.id())))
                .thenCompose(unused -> defaultFollowed(wish.id().name()))
                .thenCompose(unused -> discarded(spec));
    }

    /** Runs {@code then} before the stage that is returned fails as {@code stage} did. */
    private static <T> CompletionStage<T> andIfItFails(CompletionStage<T> stage, Supplier<CompletionStage<Void>> then) {
        return stage.exceptionallyCompose(failure -> then.get()
                .handle((done, unused) -> unused)
                .thenCompose(unused -> CompletableFuture.failedFuture(ServingException.from(failure))));
    }

    /**
     * Registers a version that an earlier process had; one that cannot be resolved, or that nothing here can run any more, is
     * there all the same, as Failed, and stays wanted. To be called for the default version of a model first.
     */
    public CompletionStage<Registration> restore(DesiredVersion version) {
        RegisterModel command = version.again();
        return onLoadPool(() -> resolved(version, command))
                .handle((spec, failure) -> failure == null
                        ? restored(lifecycle.add(spec, true), version, spec)
                        : restoredAsFailed(version, ServingException.from(failure)))
                .thenCompose(Function.identity());
    }

    private ModelSpec resolved(DesiredVersion version, RegisterModel command) {
        ModelSpec spec = resolver.resolve(command);
        if (!spec.id().equals(version.id())) {
            delete(spec, resolver::release);
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    command.source() + " holds version " + spec.id().version() + " now (expected: "
                            + version.id().version()
                            + ", which was registered from it). Unregister that version, or put"
                            + " its archive back.");
        }
        return spec;
    }

    private CompletionStage<Registration> restored(Addition addition, DesiredVersion version, ModelSpec spec) {
        return andIfItFails(addition.added(), () -> deleted(spec, resolver::release))
                .thenApply(added -> {
                    startupModels.add(spec.id().name());
                    return new Registration(spec, addition.running().thenAccept(running -> {}));
                })
                .exceptionallyCompose(failure -> restoredAsFailed(version, ServingException.from(failure)));
    }

    private CompletionStage<Registration> restoredAsFailed(DesiredVersion version, ServingException reason) {
        ModelSpec spec = version.withoutFiles();
        return lifecycle.addFailed(spec, reason).thenApply(added -> {
            startupModels.add(spec.id().name());
            return new Registration(spec, CompletableFuture.failedStage(reason));
        });
    }

    /** Gives a model whose versions were restored the default version and the labels that are wanted by now. */
    public CompletionStage<Void> restoreChoices(String name) {
        return wanted.change(Need.NEXT_TIME, models -> models, models -> {
                    DesiredModel model = models.byName().get(name);
                    return model == null ? CompletableFuture.<Void>completedStage(null) : choicesMade(name, model);
                })
                .thenCompose(Function.identity());
    }

    private CompletionStage<Void> choicesMade(String name, DesiredModel model) {
        CompletionStage<Void> defaultSet = model.isDefaultChosen()
                ? lifecycle.setDefault(new ModelId(name, model.defaultVersion()))
                : CompletableFuture.completedStage(null);
        CompletionStage<Void> labelsSet = model.labels().isEmpty()
                ? CompletableFuture.completedStage(null)
                : lifecycle.setLabels(name, model.labels(), true);
        return defaultSet.thenCompose(unused -> labelsSet);
    }

    /** Writes down what is wanted, changed or not. */
    public CompletionStage<Void> write(Occasion occasion) {
        return wanted.write(occasion);
    }

    /** Changes the number of instances; completes when they run. */
    public CompletionStage<ModelStatus> scale(ModelRef ref, InstanceSpec wanted) {
        return startScaling(ref, wanted).thenCompose(Scaling::done);
    }

    /** Changes the number of instances; completes once that is written down, while they may still be starting. */
    public CompletionStage<Scaling> startScaling(ModelRef ref, InstanceSpec instances) {
        return found(ref)
                .thenCompose(version -> wanted.change(
                        Need.WRITTEN,
                        models -> models.withInstances(version.id(), instances),
                        before -> lifecycle.scale(version.id(), instances)))
                .thenApply(scaled -> new Scaling(scaled.thenApply(this::status)));
    }

    /** Makes {@code id} the version that answers when callers name none. */
    public CompletionStage<Void> setDefault(ModelId id) {
        return found(ModelRef.of(id.name(), id.version()))
                .thenCompose(version -> wanted.change(
                        Need.WRITTEN,
                        models -> models.withDefault(id),
                        before -> andIfItFails(
                                lifecycle.setDefault(id),
                                () -> wanted.correct(models -> models.withDefaultAgain(id, before)))))
                .thenCompose(Function.identity());
    }

    /**
     * Replaces the labels of a model.
     *
     * @return as {@link ModelLifecycle#setLabels}
     */
    public CompletionStage<Void> setLabels(String model, Map<String, String> labels, boolean allowUnavailable) {
        Map<String, String> given = Map.copyOf(labels);
        return wanted.change(
                        Need.WRITTEN,
                        models -> models.withLabels(model, given),
                        before -> andIfItFails(
                                lifecycle.setLabels(model, given, allowUnavailable),
                                () -> wanted.correct(models -> models.withLabelsAgain(model, given, before))))
                .thenCompose(Function.identity());
    }

    /** Removes a version after its requests have been answered. */
    public CompletionStage<Void> unregister(ModelRef ref) {
        return found(ref)
                .thenCompose(version -> wanted.change(
                        Need.WRITTEN,
                        models -> withoutOne(models, version.id()),
                        before -> remove(version.id(), before)))
                .thenCompose(Function.identity());
    }

    /** @throws ServingException {@code FAILED_PRECONDITION} for the default version while there are others, as the registry does */
    private DesiredModels withoutOne(DesiredModels models, ModelId id) {
        DesiredModel model = models.byName().get(id.name());
        if (model != null
                && model.byVersion().size() > 1
                && model.defaultVersion().equals(id.version())
                && !hasFailed(id)) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "Cannot remove default version for model " + id.name());
        }
        return models.without(id, heirOf(id));
    }

    private boolean hasFailed(ModelId id) {
        ModelVersions versions = registry.models().get(id.name());
        ModelVersion version = versions == null ? null : versions.byVersion().get(id.version());
        return version != null && version.state().kind() == ModelState.Kind.FAILED;
    }

    /** The version that becomes the default when {@code id} goes that was. */
    private Optional<String> heirOf(ModelId id) {
        return Optional.ofNullable(registry.models().get(id.name()))
                .flatMap(ModelVersions::highestReady)
                .map(ready -> ready.id().version());
    }

    private CompletionStage<Void> remove(ModelId id, DesiredModels before) {
        CompletionStage<ModelVersion> removed = lifecycle.remove(id);
        return removed.exceptionallyCompose(failure -> stays(id, before, ServingException.from(failure)))
                .thenCompose(version -> {
                    if (!registry.models().containsKey(id.name())) {
                        startupModels.remove(id.name());
                    }
                    return defaultFollowed(id.name()).thenCompose(unused -> discarded(version.spec()));
                });
    }

    /** Who became the default version when the one before it went was for the registry to say, which goes by who is ready. */
    private CompletionStage<Void> defaultFollowed(String name) {
        DesiredModels now = wanted.current();
        return withLiveDefault(now, name).equals(now)
                ? CompletableFuture.completedStage(null)
                : wanted.correct(models -> withLiveDefault(models, name));
    }

    private DesiredModels withLiveDefault(DesiredModels models, String name) {
        ModelVersions live = registry.models().get(name);
        return live == null ? models : models.withUnchosenDefault(name, live.defaultVersion());
    }

    private CompletionStage<ModelVersion> stays(ModelId id, DesiredModels before, ServingException reason) {
        boolean isGone = reason.code() == ErrorCode.MODEL_NOT_FOUND || reason.code() == ErrorCode.VERSION_NOT_FOUND;
        CompletionStage<Void> corrected = isGone
                ? CompletableFuture.completedStage(null)
                : wanted.correct(models -> models.withAgain(id, before));
        return corrected
                .thenCompose(unused -> defaultFollowed(id.name()))
                .thenCompose(unused -> CompletableFuture.failedStage(reason));
    }

    /** The version is gone whether or not its files are. */
    private CompletionStage<Void> discarded(ModelSpec spec) {
        return deleted(spec, resolver::discard);
    }

    private CompletionStage<Void> deleted(ModelSpec spec, Consumer<ModelSpec> how) {
        return onLoadPool(() -> {
                    delete(spec, how);
                    return true;
                })
                .handle((done, failure) -> null);
    }

    private static void delete(ModelSpec spec, Consumer<ModelSpec> how) {
        try {
            how.accept(spec);
        } catch (RuntimeException e) {
            LOG.warn("The files of model {} could not be deleted", spec.id(), e);
        }
    }

    private CompletionStage<ModelVersion> found(ModelRef ref) {
        try {
            return CompletableFuture.completedStage(registry.find(ref));
        } catch (ServingException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private <T> CompletionStage<T> onLoadPool(Supplier<T> slow) {
        try {
            return CompletableFuture.supplyAsync(slow, loadPool)
                    .exceptionallyCompose(failure -> CompletableFuture.failedFuture(ServingException.from(failure)));
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(
                    new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping", e));
        }
    }

    /** The default version of each model, by name in the natural order of strings. */
    public List<ModelStatus> list() {
        return registry.models().values().stream()
                .map(versions -> status(versions.defaultOne()))
                .toList();
    }

    /** The version {@code ref} means now. */
    public ModelStatus describe(ModelRef ref) {
        return status(registry.find(ref));
    }

    /** All versions of a model, in the natural order of strings. */
    public List<ModelStatus> describeAll(String name) {
        return registry.versionsOf(name).byVersion().values().stream()
                .map(this::status)
                .toList();
    }

    private ModelStatus status(ModelVersion version) {
        ModelId id = version.id();
        ModelVersions versions = registry.models().get(id.name());
        boolean isDefault = versions != null && versions.defaultVersion().equals(id.version());
        List<String> labels = versions == null ? List.of() : versions.labelsOf(id.version());
        return new ModelStatus(
                version.spec(),
                version.state().kind(),
                version.failure(),
                isDefault,
                labels,
                startupModels.contains(id.name()),
                version.queue(),
                version.instances());
    }
}
