// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.PackMember;
import dev.sluice.engine.TokenizerProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * The class loader of a pack. It is never closed, nor made twice for the same natives: a native library belongs to the
 * first loader that loaded it until the process ends (engines.md section 9).
 */
public final class PackLoader {
    private final URLClassLoader loader;

    private PackLoader(URLClassLoader loader) {
        this.loader = loader;
    }

    /**
     * The loader of {@code jars}.
     *
     * @param name what stack traces call it
     */
    public static PackLoader of(String name, List<Path> jars) throws IOException {
        URL[] urls = new URL[jars.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = jars.get(i).toUri().toURL();
        }
        SharedTypesLoader shared = new SharedTypesLoader(PackLoader.class.getClassLoader());
        return new PackLoader(new URLClassLoader("engine-" + name, urls, shared));
    }

    /**
     * What the pack offers; loads no native library.
     *
     * @throws java.util.ServiceConfigurationError if a member cannot be made
     */
    public List<PackMember> members() {
        List<PackMember> members = new ArrayList<>();
        ServiceLoader.load(EngineProvider.class, loader)
                .forEach(provider -> members.add(new PackProvider(provider, loader)));
        ServiceLoader.load(TokenizerProvider.class, loader)
                .forEach(provider -> members.add(new PackTokenizers(provider, loader)));
        return members;
    }
}
