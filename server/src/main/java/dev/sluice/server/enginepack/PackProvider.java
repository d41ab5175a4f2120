// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import java.io.InputStream;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A provider out of a pack. Opening runs with the pack's class loader as the thread's own, because libraries such as DJL
 * look for their parts there.
 */
final class PackProvider implements EngineProvider {
    private final EngineProvider delegate;
    private final ClassLoader loader;

    PackProvider(EngineProvider delegate, ClassLoader loader) {
        this.delegate = delegate;
        this.loader = loader;
    }

    @Override
    public String id() {
        return delegate.id();
    }

    @Override
    public int spiVersion() {
        return delegate.spiVersion();
    }

    @Override
    public Set<String> fileSuffixes() {
        return delegate.fileSuffixes();
    }

    @Override
    public EngineDescription description() {
        return delegate.description();
    }

    @Override
    public EngineTrial trial() {
        return delegate.trial();
    }

    @Override
    public Engine open(EngineSettings settings) {
        return inPack(() -> delegate.open(settings));
    }

    /** A file among the pack's own. */
    @Nullable
    InputStream resource(String name) {
        return delegate.getClass().getResourceAsStream(name);
    }

    private <T> T inPack(Supplier<T> action) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return action.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
