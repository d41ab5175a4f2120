// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.nio.file.Path;

/**
 * Opens {@code tokenizer.json} files. Found by {@link java.util.ServiceLoader} in the class loader of a folder of its own, as engines are, so a
 * provider's constructor must touch no native library.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface TokenizerProvider extends PackMember {
    /** How to find out whether it works on this machine. */
    TokenizerTrial trial();

    /**
     * A tokenizer of its own for one model. The first call loads the native library.
     *
     * @param settings the same each time
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming what is wrong with the file or does not go with the
     *     options; {@code LOAD_FAILED} naming the missing library and what to do about it
     */
    Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings);
}
