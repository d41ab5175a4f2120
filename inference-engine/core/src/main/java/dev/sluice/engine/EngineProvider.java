// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.Set;

/**
 * Makes an {@link Engine}. Found by {@link java.util.ServiceLoader} in the class loader of the engine's own folder, so a
 * provider's constructor must touch no native library.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface EngineProvider {
    /** Version of this interface. A provider built against another one is refused by name, before it is opened. */
    int SPI_VERSION = 2;

    /** Short lower-case name operators use: {@code onnxruntime}, {@code pytorch}. */
    String id();

    /** The {@link #SPI_VERSION} this provider was compiled against: return the constant. */
    int spiVersion();

    /**
     * What the names of the model files end in that it runs when the operator names no engine: {@code .onnx}, or a whole name where
     * the format fixes it, {@code saved_model.pb}.
     */
    Set<String> fileSuffixes();

    /** For those who choose an engine. */
    EngineDescription description();

    /** How to find out whether it works on this machine. */
    EngineTrial trial();

    /**
     * Loads the native libraries. Called at most once in the life of the process, even if it fails.
     *
     * @throws dev.sluice.inference.ServingException {@code LOAD_FAILED} naming the missing library and what to do about it
     */
    Engine open(EngineSettings settings);
}
