// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import dev.sluice.server.enginepack.build.PackBuild;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A module as Maven leaves it, and the pack that becomes of it. */
class PackBuildTest {
    private static final MavenCoordinates LIBRARY = MavenCoordinates.parse("org.example:library:1.0");
    private static final MavenCoordinates NATIVES = MavenCoordinates.parse("org.example:natives:2.0:test-os");

    @TempDir
    private Path folder;

    private Path repository;
    private Path target;
    private Path distribution;

    @BeforeEach
    void makeModule() throws IOException {
        repository = folder.resolve("repository");
        distribution = folder.resolve("target/distribution");
        Files.createDirectories(distribution);
        target = folder.resolve("inference-engine/engine-some/target");
        EnginePacksTest.writeJar(Files.createDirectories(target).resolve("sluice-engine-some-1.jar"));
        putJar(LIBRARY, "org/example/A.class", "class");
        putJar(NATIVES, "deep/inside/libsome.so", "native");
        Files.writeString(Files.createDirectories(target.resolve("native")).resolve("libsome.so"), "native");
        Files.write(
                Files.createDirectories(target.resolve("pack")).resolve("artifacts"),
                List.of(
                        "The following files have been resolved:",
                        "   dev.sluice:sluice-inference-core:jar:1:compile:/core/target/core-1.jar -- module core (auto)",
                        "   org.slf4j:slf4j-api:jar:2.0:compile:/r/slf4j-api-2.0.jar -- module org.slf4j",
                        "   org.example:library:jar:1.0:runtime:" + repository.resolve(LIBRARY.path())
                                + " -- module library [auto]"));
        Files.writeString(
                target.resolve("pack/pom.xml"),
                "<project><artifactItems><artifactItem><groupId>org.example</groupId><artifactId>natives</artifactId>"
                        + "<version>2.0</version><classifier>test-os</classifier></artifactItem></artifactItems></project>");
    }

    @Test
    void describesWhatTheModuleResolved() throws IOException {
        build("");

        PackDescriptor descriptor = DescriptorFile.read(distribution.resolve("packs/probe"));
        assertThat(descriptor.id()).isEqualTo("probe");
        assertThat(descriptor.title()).isEqualTo("Probe");
        assertThat(descriptor.suffixes()).containsExactly(".probe");
        assertThat(descriptor.artifacts()).extracting(Artifact::coordinates).containsExactly(LIBRARY, NATIVES);
        assertThat(descriptor.artifacts()).extracting(Artifact::isLibrary).containsExactly(true, false);
        assertThat(descriptor.artifacts().get(0).sha256()).isEqualTo(Checksums.of(repository.resolve(LIBRARY.path())));
        assertThat(descriptor.natives())
                .containsExactly(new NativeFile(NATIVES, "deep/inside/libsome.so", "libsome.so", 6));
    }

    // Seen to fail when deleting followed links.
    @Test
    void fillsThePackWithItsNativesLinked() throws IOException {
        build("");
        build(""); // over what is there

        Path engine = distribution.resolve("engines/probe");
        assertThat(new PackInspector("test-os").problemInDepth(engine)).isEmpty();
        assertThat(engine.resolve("native")).isSymbolicLink();
        assertThat(engine.resolve("native/libsome.so")).hasContent("native");
        assertThat(engine.resolve("lib")).isDirectoryContaining("glob:**/library-1.0.jar");
        assertThat(target.resolve("native/libsome.so"))
                .as("after deleting what was linked")
                .exists();
    }

    @Test
    void makesPacksOfTokenizersToo() throws IOException {
        TokenizerPacksTest.writeJar(target.resolve("sluice-engine-some-1.jar"));

        build("");

        PackDescriptor descriptor = DescriptorFile.read(distribution.resolve("packs/probe"));
        assertThat(descriptor.title()).isEqualTo("Probe");
        assertThat(descriptor.natives()).extracting(NativeFile::file).containsExactly("libsome.so");
        assertThat(new PackInspector("test-os").problemInDepth(distribution.resolve("engines/probe")))
                .isEmpty();
    }

    @Test
    void refusesAModuleThatOffersNothing() throws IOException {
        try (OutputStream out = Files.newOutputStream(target.resolve("sluice-engine-some-1.jar"));
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("dev/sluice/Helper.class"));
        }

        assertThatThrownBy(() -> build(""))
                .hasMessageContaining("offers no engine")
                .hasMessageContaining("services");
    }

    @Test
    void leavesAPackEmptyWhereTold() throws IOException {
        build("other probe");

        assertThat(distribution.resolve("packs/probe/lib/sluice-engine-some-1.jar"))
                .exists();
        assertThat(distribution.resolve("engines/probe")).doesNotExist();
    }

    // Seen to fail when the CRC was not compared.
    @Test
    void refusesANativeLibraryOfUnknownOrigin() throws IOException {
        Files.writeString(target.resolve("native/libsome.so"), "nativf"); // as long, not the same

        assertThatThrownBy(() -> build("")).hasMessageContaining("libsome.so").hasMessageContaining("artifactItems");
    }

    private void build(String leftOut) throws IOException {
        PackBuild.main(new String[] {
            distribution.toString(),
            repository.toString(),
            "test-os",
            leftOut,
            "/x/some.jar:" + target.resolve("sluice-engine-some-1.jar")
        });
    }

    private void putJar(MavenCoordinates coordinates, String entry, String content) throws IOException {
        Path jar = repository.resolve(coordinates.path());
        Files.createDirectories(jar.resolveSibling(""));
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry(entry));
            zip.write(content.getBytes(UTF_8));
        }
    }
}
