// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * The control plane: registers, scales, describes and removes models.
 *
 * <p><b>Threads:</b> safe from any thread; returns at once.
 *
 * <p><b>Errors:</b> stages fail with a {@link ServingException}; queries throw one.
 */
public final class ModelAdmin {
    private final ModelRegistry registry;
    private final ModelLifecycle lifecycle;
    private final ModelResolver resolver;
    private final Executor loadPool;
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
        return CompletableFuture.supplyAsync(() -> resolver.resolve(command), loadPool)
                .thenCompose(spec -> add(spec, command));
    }

    private CompletionStage<Registration> add(ModelSpec spec, RegisterModel command) {
        return lifecycle
                .add(spec)
                .whenComplete((version, failure) -> {
                    if (failure != null) {
                        resolver.discard(spec);
                    } else if (command.atStartup()) {
                        startupModels.add(spec.id().name());
                    }
                })
                .thenApply(version -> new Registration(spec, startInstances(spec, command.keepIfFailed())));
    }

    private CompletionStage<Void> startInstances(ModelSpec spec, boolean keepIfFailed) {
        if (spec.instances().min() == 0) {
            return CompletableFuture.completedFuture(null);
        }
        CompletionStage<Void> started =
                lifecycle.scale(spec.id(), spec.instances()).thenAccept(version -> {});
        return keepIfFailed
                ? started
                : started.exceptionallyCompose(failure -> remove(spec.id())
                        .handle((removed, unused) -> unused)
                        .thenCompose(unused -> CompletableFuture.failedFuture(unwrapped(failure))));
    }

    /** Changes the number of instances; completes when they run. */
    public CompletionStage<ModelStatus> scale(ModelRef ref, InstanceSpec wanted) {
        ModelId id = registry.find(ref).id();
        return lifecycle.scale(id, wanted).thenApply(this::status);
    }

    /** Makes {@code id} the version that answers when callers name none. */
    public CompletionStage<Void> setDefault(ModelId id) {
        return lifecycle.setDefault(id);
    }

    /** Removes a version after its requests have been answered. */
    public CompletionStage<Void> unregister(ModelRef ref) {
        return remove(registry.find(ref).id());
    }

    private CompletionStage<Void> remove(ModelId id) {
        ModelSpec spec = registry.find(ModelRef.of(id.name(), id.version())).spec();
        return lifecycle.remove(id).thenRun(() -> resolver.discard(spec));
    }

    /** The default version of each model, by name in code point order. */
    public List<ModelStatus> list() {
        return registry.models().values().stream()
                .map(versions -> status(versions.defaultOne()))
                .toList();
    }

    /** The version {@code ref} means now. */
    public ModelStatus describe(ModelRef ref) {
        return status(registry.find(ref));
    }

    /** All versions of a model, in code point order. */
    public List<ModelStatus> describeAll(String name) {
        return registry.versionsOf(name).byVersion().values().stream()
                .map(this::status)
                .toList();
    }

    private ModelStatus status(ModelVersion version) {
        ModelId id = version.id();
        ModelVersions versions = registry.models().get(id.name());
        boolean isDefault = versions != null && versions.defaultVersion().equals(id.version());
        return new ModelStatus(
                version.spec(),
                version.state().kind(),
                isDefault,
                startupModels.contains(id.name()),
                version.queue(),
                version.instances());
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
