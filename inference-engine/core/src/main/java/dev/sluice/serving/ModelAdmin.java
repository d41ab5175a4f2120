// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.lifecycle.ModelVersion;
import dev.sluice.lifecycle.ModelVersions;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane: registers, scales, describes and removes models.
 *
 * <p><b>Threads:</b> safe from any thread; returns at once.
 *
 * <p><b>Errors:</b> stages fail with a {@link ServingException}, which stages chained to them see wrapped:
 * {@link ServingException#from} unwraps. Queries throw one.
 */
public final class ModelAdmin {
    private static final Logger LOG = LoggerFactory.getLogger(ModelAdmin.class);

    private final ModelRegistry registry;
    private final ModelLifecycle lifecycle;
    private final ModelResolver resolver;
    private final Executor loadPool;

    /** Names; a name leaves with its last version. */
    private final Set<String> startupModels = ConcurrentHashMap.newKeySet();

    public ModelAdmin(ModelRegistry registry, ModelLifecycle lifecycle, ModelResolver resolver, Executor loadPool) {
        this.registry = registry;
        this.lifecycle = lifecycle;
        this.resolver = resolver;
        this.loadPool = loadPool;
    }

    /**
     * What a registration has led to so far.
     *
     * @param spec the resolved wish; its instances are those that {@link #ready} waits for
     * @param ready completes when they run; fails with why they do not
     */
    public record Registration(ModelSpec spec, CompletionStage<Void> ready) {}

    /** Resolves and registers; completes once the version is known, while its instances may still be starting. */
    public CompletionStage<Registration> register(RegisterModel command) {
        return onLoadPool(() -> resolver.resolve(command)).thenCompose(spec -> add(spec, command));
    }

    private CompletionStage<Registration> add(ModelSpec spec, RegisterModel command) {
        return lifecycle
                .add(spec)
                .whenCompleteAsync(
                        (version, failure) -> {
                            if (failure != null) {
                                discard(spec);
                            } else if (command.atStartup()) {
                                startupModels.add(spec.id().name());
                            }
                        },
                        loadPool)
                .thenApply(version -> new Registration(spec, startInstances(version, spec, command.keepIfFailed())));
    }

    private CompletionStage<Void> startInstances(ModelVersion version, ModelSpec spec, boolean keepIfFailed) {
        if (spec.instances().min() == 0) {
            return CompletableFuture.completedFuture(null);
        }
        CompletionStage<Void> started =
                lifecycle.scale(spec.id(), spec.instances()).thenAccept(scaled -> {});
        return keepIfFailed
                ? started
                : started.exceptionallyCompose(failure -> remove(version)
                        .handle((removed, unused) -> unused)
                        .thenCompose(unused -> CompletableFuture.failedFuture(ServingException.from(failure))));
    }

    /** Changes the number of instances; completes when they run. */
    public CompletionStage<ModelStatus> scale(ModelRef ref, InstanceSpec wanted) {
        return found(ref)
                .thenCompose(version -> lifecycle.scale(version.id(), wanted))
                .thenApply(this::status);
    }

    /** Makes {@code id} the version that answers when callers name none. */
    public CompletionStage<Void> setDefault(ModelId id) {
        return lifecycle.setDefault(id);
    }

    /**
     * Replaces the labels of a model.
     *
     * @return as {@link ModelLifecycle#setLabels}
     */
    public CompletionStage<Void> setLabels(String model, Map<String, String> labels, boolean allowUnavailable) {
        return lifecycle.setLabels(model, labels, allowUnavailable);
    }

    /** Removes a version after its requests have been answered. */
    public CompletionStage<Void> unregister(ModelRef ref) {
        return found(ref).thenCompose(this::remove);
    }

    private CompletionStage<Void> remove(ModelVersion version) {
        return lifecycle
                .remove(version)
                .thenRunAsync(
                        () -> {
                            if (!registry.models().containsKey(version.id().name())) {
                                startupModels.remove(version.id().name());
                            }
                            discard(version.spec());
                        },
                        loadPool);
    }

    /** The version is gone whether or not its files are. */
    private void discard(ModelSpec spec) {
        try {
            resolver.discard(spec);
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
