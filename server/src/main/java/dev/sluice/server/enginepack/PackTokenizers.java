// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import java.nio.file.Path;

/** Tokenizers out of a pack, opened with the pack's class loader as the thread's own, as {@link PackProvider} opens engines. */
record PackTokenizers(TokenizerProvider delegate, ClassLoader loader) implements TokenizerProvider {
    @Override
    public String id() {
        return delegate.id();
    }

    @Override
    public int spiVersion() {
        return delegate.spiVersion();
    }

    @Override
    public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return delegate.open(file, options, settings);
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
