// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.engine.EngineProvider;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackStatus;
import dev.sluice.server.enginepack.PackSurvey;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackInstallerTest {
    @TempDir
    private Path folder;

    private final List<String> progress = new ArrayList<>();
    private FakePack pack;
    private Path engines;
    private PackInstaller installer;

    @BeforeEach
    void makePack() throws IOException {
        pack = new FakePack(folder);
        engines = folder.resolve("engines");
        installer = new PackInstaller(engines, FakePack.PLATFORM, progress::add);
    }

    @Test
    void putsJarsNativesAndChecksumsWhereTheServerLooks() throws IOException {
        add();

        assertThat(names(engines)).containsExactly(FakePack.ID);
        Path made = engines.resolve(FakePack.ID);
        assertThat(names(made)).containsExactly("engine.properties", "files.sha256", "lib", "native");
        assertThat(names(made.resolve("lib"))).containsExactly("code-1.0.jar", "natives-1.0-test-os.jar", "own.jar");
        assertThat(made.resolve("native/libfake.so")).hasContent("native");
        assertThat(status(true).state()).isEqualTo(PackStatus.State.READY);
        assertThat(progress)
                .anySatisfy(line -> assertThat(line)
                        .contains("org.example:natives:1.0:test-os")
                        .contains("native files: 1"));
    }

    // Seen to fail when every jar was copied as it is.
    @Test
    void leavesNativesOutOfTheJarTheyWereUnpackedFromAndOutOfNoOther() throws IOException {
        add();

        assertThat(entries("natives-1.0-test-os.jar")).containsExactly("org/example/Natives.class");
        assertThat(entries("code-1.0.jar")).contains("linux/libcode.so");
    }

    // Seen to fail when the sum was not compared.
    @Test
    void namesBothChecksumsWhenTheyDiffer() throws IOException {
        byte[] jar = Files.readAllBytes(pack.jar(FakePack.CODE));
        jar[jar.length - 1] ^= 1;
        Files.write(pack.jar(FakePack.CODE), jar);

        assertThatThrownBy(this::add)
                .isInstanceOf(ServingException.class)
                .hasMessageContaining("org.example:code:1.0")
                .hasMessageMatching("(?s).*SHA-256 [0-9a-f]{64} \\(expected: [0-9a-f]{64}\\).*")
                .hasMessageContaining("--from");
        assertNothingThere();
    }

    @Test
    void refusesAFileOfAnotherLength() throws IOException {
        Files.writeString(pack.jar(FakePack.CODE), "x");

        assertThatThrownBy(this::add).hasMessageContaining("1 bytes (expected: ");
        assertNothingThere();
    }

    @Test
    void saysWhatIsMissingAndWhereItWasLookedFor() throws IOException {
        Files.delete(pack.jar(FakePack.NATIVES));

        assertThatThrownBy(this::add)
                .hasMessageContaining("org.example:natives:1.0:test-os is not in")
                .hasMessageContaining(pack.repository().toString())
                .hasMessageContaining("org/example/natives/1.0/natives-1.0-test-os.jar");
        assertNothingThere();
    }

    // Seen to fail when DescriptorFile took any path.
    @Test
    void refusesADescriptorWhoseNativesLeaveTheFolder() throws IOException {
        for (String path :
                List.of("../evil.so", "/tmp/evil.so", "a/../../evil.so", "..\\evil.so", "c:evil.so", "a//b")) {
            pack.describe(path, "native".length());
            assertThatThrownBy(this::add).as(path).hasMessageContaining("stays in the native folder");
        }
        assertNothingThere();
    }

    // Seen to fail when the count was not compared.
    @Test
    void refusesANativeEntryThatUnpacksToMoreThanItShould() throws IOException {
        pack.putJar(FakePack.NATIVES, Map.of(FakePack.ENTRY, "0".repeat(50_000_000)));
        pack.describe(FakePack.FILE, 1000);

        assertThatThrownBy(this::add).hasMessageContaining("expected: 1000 bytes; it has more");
        assertNothingThere();
    }

    @Test
    void refusesANativeEntryThatIsNotThere() throws IOException {
        pack.putJar(FakePack.NATIVES, Map.of("other", "x"));
        pack.describe(FakePack.FILE, 1);

        assertThatThrownBy(this::add).hasMessageContaining("inside/libfake.so").hasMessageContaining("there is none");
        assertNothingThere();
    }

    @Test
    void refusesAPackForAnotherMachine() throws IOException {
        pack.describe(FakePack.FILE, 6, EngineProvider.SPI_VERSION, "other-os");

        assertThatThrownBy(this::add).hasMessageContaining("engine pack fake: platform: other-os (expected: test-os");
    }

    @Test
    void refusesAPackForAnotherServer() throws IOException {
        pack.describe(FakePack.FILE, 6, 1, FakePack.PLATFORM);

        assertThatThrownBy(this::add).hasMessageContaining("spi: 1 (expected: " + EngineProvider.SPI_VERSION);
    }

    // Seen to fail when what is there was not moved away.
    @Test
    void fillsABrokenPackAgain() throws IOException {
        add();
        Files.delete(engines.resolve("fake/native/libfake.so"));
        assertThat(installer.isReady(FakePack.ID)).isFalse();

        add();

        assertThat(status(true).state()).isEqualTo(PackStatus.State.READY);
        assertThat(names(engines)).containsExactly(FakePack.ID);
    }

    /** What a process that was killed half-way left. Seen to fail without deleteAbandoned. */
    @Test
    void deletesWhatAnAddThatWasKilledLeft() throws IOException {
        Path left = Files.createDirectories(engines.resolve(".sluice-dead/made/fake/lib"));
        Files.writeString(left.resolve("half.jar"), "half");
        assertThat(new PackSurvey(Optional.empty(), engines, FakePack.PLATFORM).installed())
                .isEmpty();

        add();

        assertThat(names(engines)).containsExactly(FakePack.ID);
    }

    // Seen to fail when the lock was not tried.
    @Test
    void leavesTheWorkOfALiveProcessAlone() throws IOException {
        Path other = Files.createDirectories(engines.resolve(".sluice-alive"));
        try (FileChannel channel =
                FileChannel.open(other.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertThat(channel.tryLock()).isNotNull();

            add();

            assertThat(names(engines)).containsExactly(".sluice-alive", FakePack.ID);
        }
    }

    @Test
    void removesAPackButNotWhatItsLinksLeadTo() throws IOException {
        add();
        Path kept = Files.createDirectory(folder.resolve("kept"));
        Files.writeString(kept.resolve("libkept.so"), "kept");
        Files.createSymbolicLink(engines.resolve("fake/native/linked"), kept);

        installer.remove(FakePack.ID, new TreeSet<>(List.of(FakePack.ID)));

        assertNothingThere();
        assertThat(kept.resolve("libkept.so")).hasContent("kept");
    }

    @Test
    void removesOnlyWhatIsThere() {
        for (String id : List.of("absent", "..", "", "../packs", "/tmp")) {
            assertThatThrownBy(() -> installer.remove(id, new TreeSet<>(List.of("one", "two"))))
                    .hasMessage("engine pack: " + id + " (expected: one that is installed: one, two)");
        }
    }

    /** Seen to fail when a file of the user's repository was copied with its rights, which can keep the server's user out. */
    @Test
    void givesFilesTheRightsOfNewOnesWhateverThoseOfTheRepository() throws IOException {
        Path plain = Files.createFile(folder.resolve("plain"));
        assumeThat(Files.getFileStore(plain).supportsFileAttributeView("posix")).isTrue();
        Files.setPosixFilePermissions(pack.jar(FakePack.CODE), PosixFilePermissions.fromString("r--------"));

        add();

        assertThat(Files.getPosixFilePermissions(engines.resolve("fake/lib/code-1.0.jar")))
                .isEqualTo(Files.getPosixFilePermissions(plain));
    }

    @Test
    void saysWhichDirectoryCannotBeWritten() throws IOException {
        Files.writeString(engines, "a file");

        assertThatThrownBy(this::add).hasMessageContaining(engines.toString()).hasMessageContaining("--engines-dir");
    }

    private void add() {
        installer.add(pack.description(), FakeRepository.folder(pack.repository()));
    }

    private PackStatus status(boolean inDepth) {
        return new PackSurvey(Optional.of(pack.packs()), engines, FakePack.PLATFORM).status(FakePack.ID, inDepth);
    }

    private void assertNothingThere() throws IOException {
        assertThat(names(engines)).isEmpty();
    }

    private static List<String> names(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    private List<String> entries(String jar) throws IOException {
        try (ZipFile zip = new ZipFile(engines.resolve("fake/lib").resolve(jar).toFile(), UTF_8)) {
            return zip.stream().map(entry -> entry.getName()).toList();
        }
    }
}
