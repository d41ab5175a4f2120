// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.build;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.PackMember;
import dev.sluice.server.enginepack.Checksums;
import dev.sluice.server.enginepack.MavenCoordinates;
import dev.sluice.server.enginepack.PackDescriptor;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import dev.sluice.server.enginepack.PackLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Describes the pack of a module: by what its providers say, and by the files the build resolved for it. */
final class PackDescription {
    private final String platform;
    private final ChecksumCache sums;

    PackDescription(String platform, ChecksumCache sums) {
        this.platform = platform;
        this.sums = sums;
    }

    PackDescriptor of(EngineModule module) throws IOException {
        List<PackMember> members = members(module);
        List<EngineDescription> descriptions =
                members.stream().map(PackMember::description).toList();
        List<NativeFile> natives = natives(module);
        return new PackDescriptor(
                members.size() == 1 ? members.get(0).id() : module.name(),
                joined(descriptions, EngineDescription::title),
                joined(descriptions, EngineDescription::version),
                joined(descriptions, EngineDescription::licence),
                descriptions.stream()
                        .flatMap(description -> description.formats().stream())
                        .distinct()
                        .toList(),
                suffixes(members),
                members.get(0).spiVersion(),
                platform,
                artifacts(module, natives),
                natives);
    }

    private static List<String> suffixes(List<PackMember> members) {
        return members.stream()
                .filter(EngineProvider.class::isInstance)
                .flatMap(engine -> ((EngineProvider) engine).fileSuffixes().stream())
                .distinct()
                .sorted()
                .toList();
    }

    private static List<PackMember> members(EngineModule module) throws IOException {
        List<Path> jars = new ArrayList<>(module.own());
        jars.addAll(module.libraries().values());
        List<PackMember> members = PackLoader.of(module.name(), jars).members();
        if (members.isEmpty()) {
            throw new IOException(module.jar() + " offers no engine (expected: one in its META-INF/services)");
        }
        return members;
    }

    private static String joined(List<EngineDescription> descriptions, Function<EngineDescription, String> part) {
        return descriptions.stream().map(part).distinct().collect(Collectors.joining(", "));
    }

    private List<Artifact> artifacts(EngineModule module, List<NativeFile> natives) throws IOException {
        Set<MavenCoordinates> needed = natives.stream().map(NativeFile::from).collect(Collectors.toSet());
        List<Artifact> artifacts = new ArrayList<>();
        for (Map.Entry<MavenCoordinates, Path> jar : module.artifacts().entrySet()) {
            boolean isLibrary = module.libraries().containsKey(jar.getKey());
            if (isLibrary || needed.contains(jar.getKey())) {
                artifacts.add(
                        new Artifact(jar.getKey(), sums.sum(jar.getValue()), Files.size(jar.getValue()), isLibrary));
            }
        }
        return artifacts;
    }

    private static List<NativeFile> natives(EngineModule module) throws IOException {
        if (!Files.isDirectory(module.natives())) {
            return List.of();
        }
        NativeSearch search = new NativeSearch(module.artifacts());
        List<NativeFile> natives = new ArrayList<>();
        for (Map.Entry<String, Path> file : Checksums.files(module.natives()).entrySet()) {
            natives.add(search.source(file.getKey(), file.getValue()));
        }
        return natives;
    }
}
