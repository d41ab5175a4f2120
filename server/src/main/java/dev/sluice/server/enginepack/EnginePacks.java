// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineCatalog;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.PackMember;
import dev.sluice.engine.TokenizerProvider;
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
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
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

    /** An engine, or tokenizers, and the folder it came from; empty for the server's class path. */
    private record Found(PackMember member, Optional<Path> pack) {}

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
                membersOf(pack).forEach(member -> packs.add(member, Optional.of(pack)));
            }
        }
        ClassLoader server = EnginePacks.class.getClassLoader();
        List<PackMember> own = new ArrayList<>();
        ServiceLoader.load(EngineProvider.class, server).forEach(own::add);
        ServiceLoader.load(TokenizerProvider.class, server).forEach(own::add);
        own.stream()
                .filter(member -> !packs.found.containsKey(member.id()))
                .forEach(member -> packs.add(member, Optional.empty()));
        return packs;
    }

    private void add(PackMember member, Optional<Path> pack) {
        String id = member.id();
        if (member.spiVersion() != PackMember.SPI_VERSION) {
            LOG.error(
                    "Engine {} is left out: spi: {} (expected: {}; take the pack made for this server)",
                    id,
                    member.spiVersion(),
                    PackMember.SPI_VERSION);
        } else if (found.putIfAbsent(id, new Found(member, pack)) != null) {
            LOG.error(
                    "Engine {} of pack {} is left out: another pack has one of that id", id, pack.orElse(Path.of("")));
        }
    }

    /** The engines. */
    public List<EngineProvider> providers() {
        return members(EngineProvider.class);
    }

    /** What reads {@code tokenizer.json} files. */
    public List<TokenizerProvider> tokenizers() {
        return members(TokenizerProvider.class);
    }

    private <T> List<T> members(Class<T> kind) {
        return found.values().stream()
                .map(Found::member)
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    /** What the pack called {@code id} offers. */
    public List<PackMember> inPack(String id) {
        return found.values().stream()
                .filter(member -> member.pack()
                        .filter(pack -> String.valueOf(pack.getFileName()).equals(id))
                        .isPresent())
                .map(Found::member)
                .toList();
    }

    /** What there is, for people: {@code onnxruntime 1.28.0, pytorch 2.7.1}. */
    public String summary() {
        return found.isEmpty()
                ? "none"
                : found.values().stream()
                        .map(Found::member)
                        .map(member -> member.id() + " " + member.description().version())
                        .collect(Collectors.joining(", "));
    }

    /** What to say of engines that are not there. */
    public EngineCatalog.Absent absent() {
        Set<String> used = found.values().stream()
                .flatMap(member -> member.pack().stream())
                .map(pack -> String.valueOf(pack.getFileName()))
                .collect(Collectors.toSet());
        return new AbsentPacks(config.known(), used);
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

    static List<PackMember> membersOf(Path pack) {
        String name = String.valueOf(pack.getFileName());
        try {
            List<PackMember> members = PackLoader.of(name, jarsOf(pack)).members();
            if (members.isEmpty()) {
                LOG.warn("Engine pack {} holds no engine; it is left out", name);
            }
            // Asked once now, so that what cannot even say what it is is found here.
            members.forEach(EnginePacks::askAll);
            return members;
        } catch (IOException | RuntimeException | ServiceConfigurationError | LinkageError e) {
            LOG.error("Engine pack {} cannot be used and is left out", name, e);
            return List.of();
        }
    }

    /** Only what every version of the interfaces has, of one that was compiled against another. */
    private static void askAll(PackMember member) {
        Objects.requireNonNull(member.id(), "id");
        if (member.spiVersion() == PackMember.SPI_VERSION) {
            Objects.requireNonNull(member.description(), "description");
            if (member instanceof EngineProvider engine) {
                Objects.requireNonNull(engine.fileSuffixes(), "fileSuffixes");
            }
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
