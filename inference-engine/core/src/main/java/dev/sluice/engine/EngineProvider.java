// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.Optional;
import java.util.Set;

/**
 * Makes an {@link Engine}. Found by {@link java.util.ServiceLoader} in the class loader of the engine's own folder, so a
 * provider's constructor must touch no native library.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface EngineProvider extends PackMember {
    /**
     * What the names of the model files end in that it runs when the operator names no engine: {@code .onnx}, or a whole name where
     * the format fixes it, {@code saved_model.pb}.
     */
    Set<String> fileSuffixes();

    /** How to find out whether it works on this machine; empty where that depends on what is added to the pack. */
    Optional<EngineTrial> trial();

    /**
     * Loads the native libraries. Called at most once in the life of the process, even if it fails.
     *
     * @throws dev.sluice.inference.ServingException {@code LOAD_FAILED} naming the missing library and what to do about it
     */
    Engine open(EngineSettings settings);
}
