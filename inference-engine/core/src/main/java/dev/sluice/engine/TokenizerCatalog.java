// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import java.util.List;
import java.util.function.Function;

/**
 * Opens models' tokenizers with the provider there is; of several the first.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class TokenizerCatalog implements TokenizerSource {
    private final List<TokenizerProvider> providers;
    private final Function<String, EngineSettings> settings;

    /**
     * @param settings what the provider of a given id is to work with
     * @throws IllegalArgumentException if a provider was built for another SPI version
     */
    public TokenizerCatalog(List<TokenizerProvider> providers, Function<String, EngineSettings> settings) {
        for (TokenizerProvider provider : providers) {
            if (provider.spiVersion() != TokenizerProvider.SPI_VERSION) {
                throw new IllegalArgumentException("tokenizers '" + provider.id() + "' were built for SPI version "
                        + provider.spiVersion() + " (expected: " + TokenizerProvider.SPI_VERSION + ")");
            }
        }
        this.providers = List.copyOf(providers);
        this.settings = settings;
    }

    @Override
    public Tokenizer open(ModelFiles files, TokenizerOptions options) {
        if (!TokenizerSource.hasFile(files)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, FILE + ": missing (expected: the file beside the model's weights)");
        }
        if (providers.isEmpty()) {
            return NONE.open(files, options);
        }
        TokenizerProvider provider = providers.get(0);
        try {
            return provider.open(files.root().resolve(FILE), options, settings.apply(provider.id()));
        } catch (ServingException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw new ServingException(ErrorCode.LOAD_FAILED, FILE + ": could not be opened", e);
        }
    }
}
