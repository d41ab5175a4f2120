// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.zip.ZipFile;

/**
 * Makes the class loader of a pack. It is never closed, nor made twice for the same natives: a native library belongs to the
 * first loader that loaded it until the process ends (engines.md section 9).
 */
public final class PackLoader {
    private PackLoader() {}

    /** Whether one of {@code jars} offers an engine, which need not be one that can be made; other packs help engines. */
    public static boolean offersEngines(List<Path> jars) throws IOException {
        for (Path jar : jars) {
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                if (zip.getEntry("META-INF/services/" + EngineProvider.class.getName()) != null) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * The engines in {@code jars}; loads no native library.
     *
     * @param name what stack traces call it
     * @throws java.util.ServiceConfigurationError if a provider cannot be made
     */
    public static List<EngineProvider> load(String name, List<Path> jars) throws IOException {
        URL[] urls = new URL[jars.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = jars.get(i).toUri().toURL();
        }
        SharedTypesLoader shared = new SharedTypesLoader(PackLoader.class.getClassLoader());
        URLClassLoader loader = new URLClassLoader("engine-" + name, urls, shared);
        return ServiceLoader.load(EngineProvider.class, loader).stream()
                .map(ServiceLoader.Provider::get)
                .<EngineProvider>map(provider -> new PackProvider(provider, loader))
                .toList();
    }
}
