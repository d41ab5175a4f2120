// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.build;

import dev.sluice.server.enginepack.Checksums;
import dev.sluice.server.enginepack.DescriptorFile;
import dev.sluice.server.enginepack.PackContents;
import dev.sluice.server.enginepack.PackDescriptor;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Makes the engine packs of a distribution: {@code packs/<id>}, from what each can be filled, and {@code engines/<id>},
 * filled, with its natives linked to where the build has them.
 */
public final class PackBuild {
    private static final String ENGINE_JAR = "sluice-engine-";

    private final Path distribution;
    private final Set<String> leftOut;
    private final ChecksumCache sums;
    private final PackDescription descriptions;

    private PackBuild(Path distribution, String platform, Set<String> leftOut) throws IOException {
        this.distribution = distribution;
        this.leftOut = leftOut;
        this.sums = new ChecksumCache(distribution.resolveSibling("checksums"));
        this.descriptions = new PackDescription(platform, sums);
    }

    /**
     * Run by the build.
     *
     * @param args the distribution's folder; the build's own repository; the platform; ids of packs to leave empty, with
     *     blanks between; the class path, which has the engines' jars on it
     */
    public static void main(String[] args) throws IOException {
        PackBuild build =
                new PackBuild(Path.of(args[0]), args[2], Set.of(args[3].strip().split(" +", -1)));
        Path repository = Path.of(args[1]);
        delete(build.distribution.resolve("packs"));
        delete(build.distribution.resolve("engines"));
        for (String entry : args[4].split(File.pathSeparator, -1)) {
            Path jar = Path.of(entry);
            if (String.valueOf(jar.getFileName()).startsWith(ENGINE_JAR)) {
                build.make(EngineModule.of(jar, repository));
            }
        }
        build.sums.save();
    }

    private void make(EngineModule module) throws IOException {
        PackDescriptor descriptor = descriptions.of(module);
        Path pack = distribution.resolve("packs").resolve(descriptor.id());
        addOwn(module, pack);
        DescriptorFile.write(pack, descriptor);
        if (!leftOut.contains(descriptor.id())) {
            fill(module, descriptor, distribution.resolve("engines").resolve(descriptor.id()));
        }
    }

    private static void addOwn(EngineModule module, Path folder) throws IOException {
        for (Path jar : module.own()) {
            PackContents.addLibrary(jar, String.valueOf(jar.getFileName()), false, folder);
        }
    }

    private void fill(EngineModule module, PackDescriptor descriptor, Path engine) throws IOException {
        addOwn(module, engine);
        for (Artifact artifact : descriptor.artifacts()) {
            if (artifact.isLibrary()) {
                Path jar = Objects.requireNonNull(module.artifacts().get(artifact.coordinates()));
                boolean stripped = !descriptor.nativesOf(artifact).isEmpty();
                PackContents.addLibrary(jar, artifact.coordinates().fileName(), stripped, engine);
            }
        }
        if (!descriptor.natives().isEmpty()) {
            Files.createSymbolicLink(engine.resolve("native"), module.natives().toRealPath());
        }
        DescriptorFile.write(engine, descriptor);
        Map<String, String> files = new TreeMap<>();
        for (Map.Entry<String, Path> file : Checksums.files(engine).entrySet()) {
            files.put(file.getKey(), sums.sum(file.getValue()));
        }
        Checksums.write(engine, files);
    }

    /** Deletes what an earlier build made; a link goes, what it leads to stays. */
    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
