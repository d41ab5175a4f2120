// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.engine.EngineProvider;
import dev.sluice.server.enginepack.Checksums;
import dev.sluice.server.enginepack.DescriptorFile;
import dev.sluice.server.enginepack.MavenCoordinates;
import dev.sluice.server.enginepack.PackDescriptor;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A pack called {@code fake} of two jars, one with a native library in it, and the repository that has them. */
public final class FakePack {
    public static final String ID = "fake";
    public static final String PLATFORM = "test-os";
    static final MavenCoordinates CODE = MavenCoordinates.parse("org.example:code:1.0");
    static final MavenCoordinates NATIVES = MavenCoordinates.parse("org.example:natives:1.0:test-os");
    static final String ENTRY = "inside/libfake.so";
    static final String FILE = "libfake.so";

    private final Path folder;

    /** Made below {@code folder}: {@code repository}, and {@code packs/fake}. */
    public FakePack(Path folder) throws IOException {
        this.folder = folder;
        putJar(CODE, Map.of("org/example/Code.class", "code", "linux/libcode.so", "kept"));
        putJar(NATIVES, Map.of("org/example/Natives.class", "class", ENTRY, "native", "osx/libfake.dylib", "foreign"));
        Files.writeString(
                Files.createDirectories(packs().resolve(ID).resolve("lib")).resolve("own.jar"), "ours");
        describe(FILE, "native".length());
    }

    public Path repository() {
        return folder.resolve("repository");
    }

    public Path packs() {
        return folder.resolve("packs");
    }

    Path description() {
        return packs().resolve(ID);
    }

    Path jar(MavenCoordinates coordinates) {
        return repository().resolve(coordinates.path());
    }

    /** Replaces a jar of the repository; the descriptor knows nothing of it. */
    void putJar(MavenCoordinates coordinates, Map<String, String> entries) throws IOException {
        Path jar = jar(coordinates);
        Files.createDirectories(jar.resolveSibling(""));
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, String> entry : new TreeMap<>(entries).entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue().getBytes(UTF_8));
            }
        }
    }

    /** Describes the pack by the jars there are, with its native library at {@code file} and of {@code size}. */
    void describe(String file, long size) throws IOException {
        describe(file, size, EngineProvider.SPI_VERSION, PLATFORM);
    }

    void describe(String file, long size, int spiVersion, String platform) throws IOException {
        DescriptorFile.write(
                description(),
                new PackDescriptor(
                        ID,
                        "Fake Engine",
                        "3.2.1",
                        "MIT",
                        List.of("Fakes (.fake)"),
                        List.of(".fake"),
                        spiVersion,
                        platform,
                        List.of(artifact(CODE), artifact(NATIVES)),
                        List.of(new NativeFile(NATIVES, ENTRY, file, size))));
    }

    private Artifact artifact(MavenCoordinates coordinates) throws IOException {
        Path jar = jar(coordinates);
        return new Artifact(coordinates, Checksums.of(jar), Files.size(jar), true);
    }
}
