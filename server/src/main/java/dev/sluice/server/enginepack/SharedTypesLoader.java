// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import java.util.Set;

/**
 * What an engine pack, or the handler in a model's jar, sees of the server: the engine SPI with the types it speaks in, and the logging API. All else comes
 * from the JDK or from the pack or jar itself, resources included.
 *
 * <p>Package names are compared whole: {@code dev.sluice.engine} is shared, an engine's own {@code dev.sluice.engine.x} is not.
 */
public final class SharedTypesLoader extends ClassLoader {
    private static final Set<String> PACKAGES = Set.of(
            "dev.sluice.tensor",
            "dev.sluice.model",
            "dev.sluice.inference",
            "dev.sluice.engine",
            "org.slf4j",
            "org.slf4j.event",
            "org.slf4j.helpers",
            "org.slf4j.spi");

    private final ClassLoader server;

    public SharedTypesLoader(ClassLoader server) {
        super("sluice-shared-types", ClassLoader.getPlatformClassLoader());
        this.server = server;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        int dot = name.lastIndexOf('.');
        if (dot > 0 && PACKAGES.contains(name.substring(0, dot))) {
            return server.loadClass(name);
        }
        throw new ClassNotFoundException(name);
    }
}
