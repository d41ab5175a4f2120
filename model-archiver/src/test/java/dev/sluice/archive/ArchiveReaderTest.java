// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveReaderTest {
    private static final String MANIFEST = """
            {"createdOn": "c", "runtime": "python", "archiverVersion": "0.12.0",
             "model": {"modelName": "m", "handler": "h:fn", "serializedFile": "w.pt", "modelVersion": "3"}}""";

    @TempDir
    Path directory;

    private Path zipped;
    private Path unpacked;

    @BeforeEach
    void makeTheSameModelThreeTimes() throws IOException {
        ZipForge zip = new ZipForge();
        zip.add("w.pt", "weights");
        zip.add("h.py", "handler").deflated();
        zip.add("MAR-INF/MANIFEST.json", MANIFEST).deflated();
        zipped = zip.writeTo(directory.resolve("m.mar"));
        new TarForge()
                .file("m/w.pt", "weights")
                .file("m/h.py", "handler")
                .file("m/MAR-INF/MANIFEST.json", MANIFEST)
                .writeTo(directory.resolve("m.tar.gz"));
        unpacked = Files.createDirectory(directory.resolve("m"));
        Trees.write(unpacked.resolve("w.pt"), "weights");
        Trees.write(unpacked.resolve("h.py"), "handler");
        Trees.write(unpacked.resolve("MAR-INF/MANIFEST.json"), MANIFEST);
    }

    private static ArchiveReader reader(Path location) {
        return ArchiveReader.of(location, ArchiveLimits.defaults());
    }

    private Path location(String name) {
        return directory.resolve(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.mar", "m.tar.gz", "m"})
    void listsEveryFormatAlike(String name) {
        assertThat(reader(location(name)).entries())
                .containsExactly(
                        new ArchiveEntry("MAR-INF/MANIFEST.json", MANIFEST.length()),
                        new ArchiveEntry("h.py", 7),
                        new ArchiveEntry("w.pt", 7));
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.mar", "m.tar.gz", "m"})
    void readsTheManifestOfEveryFormat(String name) {
        Manifest manifest = reader(location(name)).manifest();

        assertThat(manifest.model().modelName()).contains("m");
        assertThat(manifest.model().version()).isEqualTo("3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.mar", "m.tar.gz", "m"})
    void extractsEveryFormatAlike(String name) throws IOException {
        reader(location(name)).extractTo(directory.resolve("out"));

        assertThat(Trees.files(directory.resolve("out"))).isEqualTo(Trees.files(unpacked));
        assertThat(Files.getPosixFilePermissions(directory.resolve("out")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.mar", "m.tar.gz", "m"})
    void findsNothingWrong(String name) {
        assertThat(reader(location(name)).verify()).isEmpty();
    }

    @Test
    void knowsDirectoriesFromArchives() {
        assertThat(reader(unpacked).isDirectory()).isTrue();
        assertThat(reader(zipped).isDirectory()).isFalse();
    }

    @Test
    void aMissingManifestIsLegal() throws IOException {
        ZipForge zip = new ZipForge();
        zip.add("h.py", "handler");
        Path bare = zip.writeTo(directory.resolve("bare.mar"));

        assertThat(reader(bare).manifest()).isEqualTo(Manifest.empty());
        assertThat(reader(bare).findManifest()).isEmpty();
        assertThat(reader(bare).verify()).extracting(Finding::severity).containsExactly(Finding.Severity.WARNING);
    }

    @Test
    void refusesToExtractOntoSomething() throws IOException {
        Path existing = directory.resolve("existing");
        Trees.write(existing.resolve("file"), "mine");

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(zipped).extractTo(existing))
                .withMessageContaining("exists already");
        assertThat(Trees.files(existing)).containsOnlyKeys("file");
    }

    @Test
    void refusesToExtractOntoADanglingLink() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("elsewhere"));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(zipped).extractTo(link));
        assertThat(directory.resolve("elsewhere")).doesNotExist();
    }

    @Test
    void refusesToExtractWithoutAParent() {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(zipped).extractTo(directory.resolve("no/such/target")))
                .withMessageContaining("parent");
    }

    @Test
    void saysWhenThereIsNoSuchArchive() {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(directory.resolve("nowhere.mar")).entries())
                .withMessageContaining("\"nowhere.mar\": no such archive");
    }

    @Test
    void messagesNameNoPathOfThisMachine() throws IOException {
        Files.createSymbolicLink(unpacked.resolve("dangling"), Path.of("nowhere"));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(unpacked).entries())
                .satisfies(e -> assertThat(e.reason()).startsWith("\"m\": ").doesNotContain(directory.toString()));
    }

    @Test
    void aDirectoryMayLinkInsideItselfAsMountedVolumesDo() throws IOException {
        Path volume = Files.createDirectory(directory.resolve("volume"));
        Trees.write(volume.resolve("..2026/model.pt"), "weights");
        Files.createSymbolicLink(volume.resolve("..data"), Path.of("..2026"));
        Files.createSymbolicLink(volume.resolve("model.pt"), Path.of("..data/model.pt"));

        assertThat(reader(volume).entries()).containsExactly(new ArchiveEntry("model.pt", 7));
    }

    @Test
    void aDirectoryMayNotLinkOutsideItself() throws IOException {
        Trees.write(directory.resolve("m-secret/key"), "secret");
        Files.createSymbolicLink(unpacked.resolve("key"), directory.resolve("m-secret/key"));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(unpacked).extractTo(directory.resolve("out")))
                .withMessageContaining("\"key\" links to something outside");
        assertThat(reader(unpacked).verify()).extracting(Finding::rule).containsExactly("structure");
    }

    @Test
    void aDirectoryThatLinksToItselfEnds() throws IOException {
        Files.createSymbolicLink(unpacked.resolve("loop"), Path.of("."));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> reader(unpacked).entries())
                .withMessageContaining("limit: 32");
    }

    @Test
    void aDirectoryIsReadWithoutWhatTheArchiverSkips() throws IOException {
        Trees.write(unpacked.resolve(".git/config"), "x");
        Trees.write(unpacked.resolve("__pycache__/h.pyc"), "x");

        assertThat(reader(unpacked).entries())
                .extracting(ArchiveEntry::name)
                .doesNotContain(".git/config")
                .hasSize(3);
    }

    private List<String> rulesFor(String manifest, String... files) throws IOException {
        ZipForge zip = new ZipForge();
        zip.add("MAR-INF/MANIFEST.json", manifest);
        for (String file : files) {
            zip.add(file, "x");
        }
        Path archive = zip.writeTo(directory.resolve("checked.mar"));
        return reader(archive).verify().stream()
                .filter(Finding::isError)
                .map(finding -> finding.rule() + ": " + finding.message())
                .toList();
    }

    @Test
    void findsFilesTheManifestNamesInVain() throws IOException {
        assertThat(rulesFor("""
                        {"model": {"handler": "base_handler", "serializedFile": "w", "modelFile": "m", "requirementsFile": "r",
                         "configFile": "c"}}"""))
                .containsExactly(
                        "file: model.serializedFile: \"w\" is not in the archive",
                        "file: model.modelFile: \"m\" is not in the archive",
                        "file: model.requirementsFile: \"r\" is not in the archive",
                        "file: model.configFile: \"c\" is not in the archive");
    }

    @ParameterizedTest
    @ValueSource(strings = {"h", "h.py", "h:fn", "h.py:fn", "image_classifier", "pkg.mod", "pkg.mod:fn"})
    void findsHandlersInEverySpelling(String handler) throws IOException {
        assertThat(rulesFor("{\"model\": {\"handler\": \"" + handler + "\"}}", "h.py", "pkg/mod.py"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"g", "g.py", "g:h", "BaseHandler", ""})
    void findsHandlersThatAreMissing(String handler) throws IOException {
        assertThat(rulesFor("{\"model\": {\"handler\": \"" + handler + "\"}}", "h.py"))
                .singleElement()
                .asString()
                .startsWith("handler: model.handler: ");
    }

    @Test
    void findsNativeHandlers() throws IOException {
        assertThat(rulesFor("{\"runtime\": \"LSP\", \"model\": {\"handler\": \"h\"}}", "h.so"))
                .isEmpty();
        assertThat(rulesFor("{\"runtime\": \"LSP\", \"model\": {\"handler\": \"BaseHandler\"}}"))
                .isEmpty();
        assertThat(rulesFor("{\"runtime\": \"LSP\", \"model\": {\"handler\": \"g\"}}", "h.so"))
                .hasSize(1);
    }

    @Test
    void findsUnknownRuntimes() throws IOException {
        assertThat(rulesFor("{\"runtime\": \"ruby\"}"))
                .containsExactly("runtime: runtime: \"ruby\" (expected: [python, python3, LSP])");
    }

    @Test
    void findsBrokenManifests() throws IOException {
        assertThat(rulesFor("{")).singleElement().asString().startsWith("manifest: manifest is not valid JSON");
    }

    @Test
    void findsDamageAnywhere() throws IOException {
        byte[] bytes = Files.readAllBytes(zipped);
        bytes[34] ^= 1; // inside "weights"
        Files.write(zipped, bytes);

        assertThat(reader(zipped).verify()).extracting(Finding::rule).containsExactly("structure");
    }
}
