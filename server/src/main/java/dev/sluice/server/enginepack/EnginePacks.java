// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines this server can open: those in the packs' directory, then those on the server's own class path whose id no
 * pack has taken.
 *
 * <p>Class loaders are never closed or made twice: a native library belongs to the first loader that loaded it until the
 * process ends (engines.md section 9).
 */
public final class EnginePacks {
    private static final Logger LOG = LoggerFactory.getLogger(EnginePacks.class);

    private final EnginePacksConfig config;
    private final List<EngineProvider> providers;
    private final List<TokenizerProvider> tokenizers;

    private EnginePacks(EnginePacksConfig config, List<EngineProvider> providers, List<TokenizerProvider> tokenizers) {
        this.config = config;
        this.providers = List.copyOf(providers);
        this.tokenizers = List.copyOf(tokenizers);
    }

    /** Looks for providers; loads no native library. A pack that is broken is told in the log and left out. */
    public static EnginePacks find(EnginePacksConfig config) {
        ClassLoader server = EnginePacks.class.getClassLoader();
        SharedTypesLoader shared = new SharedTypesLoader(server);
        List<EngineProvider> found = new ArrayList<>();
        List<TokenizerProvider> tokenizers = new ArrayList<>();
        for (Path pack : packs(config)) {
            found.addAll(providersOf(pack, shared, tokenizers));
        }
        ServiceLoader.load(TokenizerProvider.class, server).forEach(tokenizers::add);
        Set<String> taken = new HashSet<>();
        found.forEach(provider -> taken.add(provider.id()));
        ServiceLoader.load(EngineProvider.class, server).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> taken.add(provider.id()))
                .forEach(found::add);
        return new EnginePacks(config, found, tokenizers);
    }

    public List<EngineProvider> providers() {
        return providers;
    }

    /** What reads {@code tokenizer.json} files. */
    public List<TokenizerProvider> tokenizers() {
        return tokenizers;
    }

    /** What to open the engine {@code id} with; {@code cache} is used unless the operator named a directory. */
    public EngineSettings settings(String id, Path cache, BufferAllocator allocator) {
        Optional<Path> natives = config.directory()
                .map(directory -> directory.resolve(id).resolve("native"))
                .filter(Files::isDirectory)
                .map(Path::toAbsolutePath);
        return new EngineSettings(natives, config.cacheDirectory().orElse(cache), config.intraOpThreads(), allocator);
    }

    private static List<Path> packs(EnginePacksConfig config) {
        if (config.directory().isEmpty()) {
            return List.of();
        }
        Path directory = config.directory().get();
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(child -> Files.isDirectory(child.resolve("lib")))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "engines_dir: " + directory + " (expected: a directory with one folder per engine)",
                    e);
        }
    }

    /** @param tokenizers gets what the pack has of them */
    private static List<EngineProvider> providersOf(Path pack, ClassLoader shared, List<TokenizerProvider> tokenizers) {
        String name = String.valueOf(pack.getFileName());
        try {
            URLClassLoader loader = new URLClassLoader("engine-" + name, jarsOf(pack), shared);
            List<EngineProvider> providers = ServiceLoader.load(EngineProvider.class, loader).stream()
                    .map(ServiceLoader.Provider::get)
                    .<EngineProvider>map(provider -> new PackProvider(provider, loader))
                    .toList();
            List<TokenizerProvider> texts = ServiceLoader.load(TokenizerProvider.class, loader).stream()
                    .map(ServiceLoader.Provider::get)
                    .<TokenizerProvider>map(provider -> new PackTokenizers(provider, loader))
                    .toList();
            tokenizers.addAll(texts);
            if (providers.isEmpty() && texts.isEmpty()) {
                LOG.warn("Engine pack {} holds no engine; it is left out", name);
            }
            return providers;
        } catch (IOException | ServiceConfigurationError | LinkageError e) {
            LOG.error("Engine pack {} cannot be used and is left out", name, e);
            return List.of();
        }
    }

    private static URL[] jarsOf(Path pack) throws IOException {
        List<URL> jars = new ArrayList<>();
        try (Stream<Path> files = Files.list(pack.resolve("lib"))) {
            for (Path jar : files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList()) {
                jars.add(url(jar));
            }
        }
        return jars.toArray(URL[]::new);
    }

    private static URL url(Path jar) throws MalformedURLException {
        return jar.toUri().toURL();
    }
}
