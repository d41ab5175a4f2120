// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines this server can open: those in the packs' directory, then those on the server's own class path whose id no
 * pack has taken.
 */
public final class EnginePacks {
    private static final Logger LOG = LoggerFactory.getLogger(EnginePacks.class);

    /** Of an engine, and of the folder it came from; empty for the server's class path. */
    private record Found(EngineProvider provider, Optional<Path> pack) {}

    private final EnginePacksConfig config;
    private final Map<String, Found> found;

    private EnginePacks(EnginePacksConfig config, Map<String, Found> found) {
        this.config = config;
        this.found = found;
    }

    /** Looks for providers; loads no native library. A pack that is broken is told in the log and left out. */
    public static EnginePacks find(EnginePacksConfig config) {
        PackInspector inspector = new PackInspector(config.platform());
        EnginePacks packs = new EnginePacks(config, new LinkedHashMap<>());
        for (Path pack : config.directory().map(EnginePacks::folders).orElse(List.of())) {
            Optional<String> problem = inspector.problem(pack);
            if (problem.isPresent()) {
                LOG.error("Engine pack {} is left out: {}", pack.getFileName(), problem.get());
            } else {
                providersOf(pack).forEach(provider -> packs.add(provider, Optional.of(pack)));
            }
        }
        ServiceLoader.load(EngineProvider.class, EnginePacks.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> !packs.found.containsKey(provider.id()))
                .forEach(provider -> packs.add(provider, Optional.empty()));
        return packs;
    }

    private void add(EngineProvider provider, Optional<Path> pack) {
        String id = provider.id();
        if (provider.spiVersion() != EngineProvider.SPI_VERSION) {
            LOG.error(
                    "Engine {} is left out: spi: {} (expected: {}; take the pack made for this server)",
                    id,
                    provider.spiVersion(),
                    EngineProvider.SPI_VERSION);
        } else if (found.putIfAbsent(id, new Found(provider, pack)) != null) {
            LOG.error(
                    "Engine {} of pack {} is left out: another pack has one of that id", id, pack.orElse(Path.of("")));
        }
    }

    public List<EngineProvider> providers() {
        return found.values().stream().map(Found::provider).toList();
    }

    /** The engines of the pack called {@code id}. */
    public List<EngineProvider> inPack(String id) {
        return found.values().stream()
                .filter(engine -> engine.pack()
                        .filter(pack -> String.valueOf(pack.getFileName()).equals(id))
                        .isPresent())
                .map(Found::provider)
                .toList();
    }

    /** Whether the pack {@code id} is one of engines, and not one that only helps them. */
    public boolean offersEngines(String id) {
        try {
            return PackLoader.offersEngines(
                    jarsOf(config.directory().orElse(Path.of("")).resolve(id)));
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "engine pack " + id + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** What there is, for people: {@code onnxruntime 1.28.0, pytorch 2.7.1}. */
    public String summary() {
        return found.isEmpty()
                ? "none"
                : providers().stream()
                        .map(provider ->
                                provider.id() + " " + provider.description().version())
                        .collect(Collectors.joining(", "));
    }

    /** What to open the engine {@code id} with; {@code cache} is used unless the operator named a directory. */
    public EngineSettings settings(String id, Path cache, BufferAllocator allocator) {
        Optional<Path> natives = Optional.ofNullable(found.get(id))
                .flatMap(Found::pack)
                .map(pack -> pack.resolve("native"))
                .filter(Files::isDirectory)
                .map(Path::toAbsolutePath);
        return new EngineSettings(natives, config.cacheDirectory().orElse(cache), config.intraOpThreads(), allocator);
    }

    /** Folders that could be packs. Those with a dot in front are being made or deleted. */
    static List<Path> folders(Path directory) {
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(child -> !String.valueOf(child.getFileName()).startsWith("."))
                    .filter(child ->
                            Files.isDirectory(child.resolve("lib")) || Files.exists(child.resolve(PackDescriptor.FILE)))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "engines_dir: " + directory + " (expected: a directory with one folder per engine)",
                    e);
        }
    }

    private static List<EngineProvider> providersOf(Path pack) {
        String name = String.valueOf(pack.getFileName());
        try {
            List<EngineProvider> providers = PackLoader.load(name, jarsOf(pack));
            if (providers.isEmpty()) {
                LOG.warn("Engine pack {} holds no engine; it is left out", name);
            }
            return new ArrayList<>(providers);
        } catch (IOException | ServiceConfigurationError | LinkageError e) {
            LOG.error("Engine pack {} cannot be used and is left out", name, e);
            return List.of();
        }
    }

    static List<Path> jarsOf(Path pack) throws IOException {
        try (Stream<Path> files = Files.list(pack.resolve("lib"))) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        }
    }
}
