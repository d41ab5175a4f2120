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
    int SPI_VERSION = 1;

    /** Short lower-case name operators use: {@code onnxruntime}, {@code pytorch}. */
    String id();

    /** The {@link #SPI_VERSION} this provider was compiled against: return the constant. */
    int spiVersion();

    /** Suffixes, each with its dot, of the model files it runs when the operator names no engine. */
    Set<String> fileSuffixes();

    /**
     * Loads the native libraries. Called at most once in the life of the process, even if it fails.
     *
     * @throws dev.sluice.inference.ServingException {@code LOAD_FAILED} naming the missing library and what to do about it
     */
    Engine open(EngineSettings settings);
}
