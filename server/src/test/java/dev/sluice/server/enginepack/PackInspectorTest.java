// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.EngineProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackInspectorTest {
    private static final String PLATFORM = "test-os";

    @TempDir
    private Path folder;

    private final PackInspector inspector = new PackInspector(PLATFORM);
    private Path pack;

    @BeforeEach
    void makePack() throws IOException {
        pack = folder.resolve("fake");
        Path jar = Files.createDirectories(pack.resolve("lib")).resolve("a.jar");
        Files.writeString(jar, "content");
        describe("fake", EngineProvider.SPI_VERSION, PLATFORM);
        Checksums.write(pack, Map.of("lib/a.jar", Checksums.of(jar)));
    }

    @Test
    void findsNothingWrongWithAGoodPack() {
        assertThat(inspector.problemInDepth(pack)).isEmpty();
    }

    @Test
    void knowsNothingOfAPackMadeByHand() throws IOException {
        Files.delete(pack.resolve(PackDescriptor.FILE));
        Files.delete(pack.resolve("lib/a.jar"));

        assertThat(inspector.problem(pack)).isEmpty();
    }

    // Seen to fail when the list of files was not looked at.
    @Test
    void namesAMissingFileAndTheCure() throws IOException {
        Files.delete(pack.resolve("lib/a.jar"));

        assertThat(inspector.problem(pack))
                .contains("file lib/a.jar is missing; fill it again with 'sluice engines add fake'");
    }

    @Test
    void namesAFolderWithoutLib() throws IOException {
        Files.delete(pack.resolve("lib/a.jar"));
        Files.delete(pack.resolve("lib"));

        assertThat(inspector.problem(pack))
                .hasValueSatisfying(it -> assertThat(it).contains("no folder lib"));
    }

    /** As a machine that lost power may leave it. Seen to fail, by ending the server that looked at it. */
    @Test
    void namesAListOfFilesThatIsZeros() throws IOException {
        Files.write(pack.resolve(Checksums.FILE), new byte[200]);

        assertThat(inspector.problem(pack))
                .hasValueSatisfying(it -> assertThat(it).contains("files.sha256 cannot be read"));
    }

    /** Seen to fail when the walk's own kind of exception went through to whoever listed the packs. */
    @Test
    void listsAPackWhoseFilesCannotBeWalked() throws IOException {
        Files.createSymbolicLink(pack.resolve("lib/loop"), pack);

        PackStatus status = new PackSurvey(Optional.empty(), folder, PLATFORM).status("fake", false);

        assertThat(status.state()).isEqualTo(PackStatus.State.BROKEN);
        assertThat(status.reason()).contains("it cannot be read");
    }

    @Test
    void seesAChangedByteOnlyInDepth() throws IOException {
        Files.writeString(pack.resolve("lib/a.jar"), "kontent");

        assertThat(inspector.problem(pack)).isEmpty();
        assertThat(inspector.problemInDepth(pack))
                .hasValueSatisfying(it -> assertThat(it)
                        .matches("file lib/a.jar has SHA-256 [0-9a-f]{64} \\(expected: [0-9a-f]{64}\\);.*"));
    }

    @Test
    void namesWhatDoesNotFit() throws IOException {
        describe("fake", 1, PLATFORM);
        assertThat(problem()).startsWith("spi: 1 (expected: " + EngineProvider.SPI_VERSION);
        describe("fake", EngineProvider.SPI_VERSION, "other-os");
        assertThat(problem()).startsWith("platform: other-os (expected: test-os");
        describe("other", EngineProvider.SPI_VERSION, PLATFORM);
        assertThat(problem()).startsWith("id: other (expected: fake");
        Files.writeString(pack.resolve(PackDescriptor.FILE), "id = fake");
        assertThat(problem()).contains("title: nothing");
    }

    @Test
    void namesAListOfFilesThatIsNone() throws IOException {
        Files.writeString(pack.resolve(Checksums.FILE), "x\n");

        assertThat(problem()).contains("sha256sum");
    }

    /** A server starts with the others; a pack that does not fit is never loaded. */
    @Test
    void serversLeaveABrokenPackOut() throws IOException {
        describe("fake", EngineProvider.SPI_VERSION, "other-os");
        EnginePacks packs = EnginePacks.find(new EnginePacksConfig(Optional.of(folder), Optional.empty(), 1, PLATFORM));

        assertThat(packs.providers()).isEmpty();
        assertThat(packs.summary()).isEqualTo("none");
    }

    @Test
    void tellsWhichPacksThereAre() throws IOException {
        Path known = folder.resolve("known");
        Files.createDirectories(known.resolve("absent/lib"));
        DescriptorFile.write(known.resolve("absent"), descriptor("absent", EngineProvider.SPI_VERSION, PLATFORM));
        Files.delete(pack.resolve("lib/a.jar"));
        Path engines = Files.createDirectory(folder.resolve("engines"));
        Files.move(pack, engines.resolve("fake"));
        PackSurvey survey = new PackSurvey(Optional.of(known), engines, PLATFORM);

        assertThat(survey.ids()).containsExactly("absent", "fake");
        assertThat(survey.status("absent", false).state()).isEqualTo(PackStatus.State.NOT_INSTALLED);
        assertThat(survey.status("fake", false).state()).isEqualTo(PackStatus.State.BROKEN);
        assertThat(survey.status("fake", false).version()).isEqualTo("1");
        assertThatThrownBy(() -> survey.description("nope")).hasMessage("engine pack: nope (expected one of: absent)");
        assertThatThrownBy(() -> survey.description("../engines/fake")).hasMessageContaining("expected one of: absent");
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64",
        "Linux, aarch64, linux-aarch64",
        "Mac OS X, aarch64, osx-aarch64",
        "Windows 11, amd64, windows-x86_64",
        "Linux, riscv64, linux-riscv64"
    })
    void namesPlatformsAsMavenDoes(String os, String processor, String platform) {
        assertThat(PackInspector.platform(os, processor)).isEqualTo(platform);
    }

    private String problem() {
        return inspector.problem(pack).orElse("none");
    }

    private void describe(String id, int spiVersion, String platform) throws IOException {
        DescriptorFile.write(pack, descriptor(id, spiVersion, platform));
    }

    private static PackDescriptor descriptor(String id, int spiVersion, String platform) {
        return new PackDescriptor(
                id, "Fake", "1", "MIT", List.of("x"), List.of(), spiVersion, platform, List.of(), List.of());
    }
}
