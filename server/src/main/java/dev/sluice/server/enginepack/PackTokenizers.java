// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.engine.TokenizerTrial;
import java.nio.file.Path;

/** Tokenizers out of a pack. */
record PackTokenizers(TokenizerProvider delegate, ClassLoader loader) implements TokenizerProvider, FromPack {
    @Override
    public String id() {
        return delegate.id();
    }

    @Override
    public int spiVersion() {
        return delegate.spiVersion();
    }

    @Override
    public EngineDescription description() {
        return delegate.description();
    }

    @Override
    public TokenizerTrial trial() {
        return delegate.trial();
    }

    @Override
    public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
        return inPack(() -> delegate.open(file, options, settings));
    }
}
