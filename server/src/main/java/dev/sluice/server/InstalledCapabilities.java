// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.server.enginepack.EnginePacks;
import dev.sluice.server.repository.Capabilities;
import dev.sluice.serving.CompositeLoader;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;

/** What the engines and handlers of this installation can run. */
final class InstalledCapabilities {
    private InstalledCapabilities() {}

    static Capabilities of(EnginePacks packs) {
        return of(packs, handlers());
    }

    static Capabilities of(EnginePacks packs, List<HandlerProvider> handlers) {
        Set<String> names = new HashSet<>(Set.of(CompositeLoader.HANDLER));
        handlers.forEach(handler -> names.addAll(handler.names()));
        Set<String> suffixes = new HashSet<>();
        for (EngineProvider engine : packs.providers()) {
            suffixes.addAll(engine.fileSuffixes());
        }
        return new Capabilities(suffixes, names, 0, packs.absent()::file);
    }

    static List<HandlerProvider> handlers() {
        return ServiceLoader.load(HandlerProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }
}
