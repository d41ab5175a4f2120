// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import java.util.Optional;
import java.util.Set;

/** An engine out of a pack. */
record PackProvider(EngineProvider delegate, ClassLoader loader) implements EngineProvider, FromPack {
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
    public Optional<EngineTrial> trial() {
        return delegate.trial();
    }

    @Override
    public Engine open(EngineSettings settings) {
        return inPack(() -> delegate.open(settings));
    }
}
