// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The source whose models are what somebody published last: a directory poller, an operator's list, a test.
 *
 * <p><b>Threads:</b> safe from any thread. The listener is told under the lock of this, so that of two publications the later one is
 * told last.
 */
public final class PublishedModels implements ModelSource {
    /** Guarded by this: by model, then by version. */
    private final Map<String, Map<String, ModelSpec>> models = new HashMap<>();

    /** Guarded by this; null before the start and after the end. */
    private @Nullable Listener listener;

    /**
     * These versions of {@code model} exist now, and no others.
     *
     * @param specs one for each version, all of that model; none for a model that is gone
     * @throws IllegalArgumentException if one is of another model, or two are of one version
     */
    public synchronized void publish(String model, Collection<ModelSpec> specs) {
        Map<String, ModelSpec> byVersion = specs.stream()
                .collect(Collectors.toMap(spec -> versionOf(model, spec), Function.identity(), (one, other) -> {
                    throw new IllegalArgumentException("version: " + one.id() + " (expected: once)");
                }));
        if (byVersion.isEmpty()) {
            models.remove(model);
        } else {
            models.put(model, byVersion);
        }
        if (listener != null) {
            listener.versions(model, byVersion.keySet());
        }
    }

    private static String versionOf(String model, ModelSpec spec) {
        if (!spec.id().name().equals(model)) {
            throw new IllegalArgumentException("spec: " + spec.id() + " (expected: a version of " + model + ")");
        }
        return spec.id().version();
    }

    @Override
    public synchronized void start(Listener told) {
        listener = told;
        models.forEach((model, versions) -> told.versions(model, versions.keySet()));
    }

    @Override
    public synchronized ModelSpec resolve(ModelId id) {
        ModelSpec spec = models.getOrDefault(id.name(), Map.of()).get(id.version());
        if (spec == null) {
            throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "Model " + id + " is not published any more");
        }
        return spec;
    }

    @Override
    public synchronized void close() {
        listener = null;
    }
}
