// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import java.nio.file.Files;

/**
 * Where handlers get tokenizers from.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
@FunctionalInterface
public interface TokenizerSource {
    /** The file beside a model's weights. */
    String FILE = "tokenizer.json";

    /** Of a server without anything that reads such files. */
    TokenizerSource NONE = (files, options) -> {
        throw new ServingException(
                ErrorCode.INVALID_MODEL,
                FILE + ": nothing here reads it (expected: the engine pack 'tokenizers'; install it)");
    };

    /**
     * A tokenizer for the model of {@code files}, to be closed by the caller.
     *
     * @throws ServingException {@code INVALID_MODEL} if the model has none, or its file is not one; {@code LOAD_FAILED} if what reads
     *     it does not work here
     */
    Tokenizer open(ModelFiles files, TokenizerOptions options);

    /** Whether a model has the file. */
    static boolean hasFile(ModelFiles files) {
        return Files.isRegularFile(files.root().resolve(FILE));
    }
}
