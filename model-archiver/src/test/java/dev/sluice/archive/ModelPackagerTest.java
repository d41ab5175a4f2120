// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelPackagerTest {
    @TempDir
    Path directory;

    private Path work;

    @BeforeEach
    void makeInputs() throws IOException {
        work = Files.createDirectory(directory.resolve("work"));
        Trees.write(work.resolve("h.py"), "handler");
        Trees.write(work.resolve("w.pt"), "weights");
        Trees.write(work.resolve("extra/w.pt"), "weights");
        Trees.write(work.resolve("extra/sub/leaf"), "leaf");
        Trees.write(work.resolve("other/w.pt"), "other weights");
        Trees.write(work.resolve("native.so"), "elf");
    }

    private static ModelInputs inputs(String handler, String serialized, String extra) {
        return new ModelInputs(
                handler,
                Optional.of(serialized).filter(path -> !path.isEmpty()),
                Optional.empty(),
                Optional.of(extra).filter(path -> !path.isEmpty()),
                Optional.empty(),
                Optional.empty());
    }

    private PackageResult pack(ArchiveFormat format, boolean force, ModelInputs inputs) {
        return pack("", format, force, "python", inputs);
    }

    private PackageResult pack(
            String exportPath, ArchiveFormat format, boolean force, String runtime, ModelInputs inputs) {
        return new ModelPackager(work, ".so", ModelPackager.DEFAULT_TIMESTAMP)
                .pack(new PackageRequest("m", "1.0", runtime, inputs, exportPath, format, force));
    }

    private Map<String, String> filesOf(PackageResult result) throws IOException {
        Path out = directory.resolve("out");
        FileTree.delete(out);
        ArchiveReader.of(result.archive(), ArchiveLimits.defaults()).extractTo(out);
        Map<String, String> files = Trees.files(out);
        files.remove(Manifest.LOCATION);
        return files;
    }

    @ParameterizedTest
    @EnumSource
    void whatItPacksVerifies(ArchiveFormat format) throws IOException {
        PackageResult result = pack(format, false, inputs("h:fn", "w.pt", "extra"));

        assertThat(result.archive()).isEqualTo(work.resolve("m" + format.suffix()));
        assertThat(result.warnings()).isEmpty();
        assertThat(ArchiveReader.of(result.archive(), ArchiveLimits.defaults()).verify())
                .isEmpty();
        assertThat(filesOf(result)).containsOnlyKeys("h.py", "w.pt", "sub/leaf");
    }

    @Test
    void aBuiltInHandlerIsNotCopied() throws IOException {
        assertThat(filesOf(pack(ArchiveFormat.DEFAULT, false, inputs("image_classifier", "", ""))))
                .isEmpty();
    }

    /** Planted: ours before files; what an existing build packs under such a name was left out. */
    @Test
    void aHandlerOfOursIsNotCopiedUnlessThereIsAFileOfThatName() throws IOException {
        assertThat(filesOf(pack(ArchiveFormat.DEFAULT, false, inputs("stateful", "", ""))))
                .isEmpty();

        Trees.write(work.resolve("stateful.py"), "handler");
        assertThat(filesOf(pack(ArchiveFormat.DEFAULT, true, inputs("stateful", "", ""))))
                .containsOnlyKeys("stateful.py");
    }

    @ParameterizedTest
    @EnumSource
    void packsAFolderUnderItsNameAsTheSerializedFile(ArchiveFormat format) throws IOException {
        Trees.write(work.resolve("models/export/saved_model.pb"), "graph");
        Trees.write(work.resolve("models/export/variables/variables.index"), "index");
        Trees.write(work.resolve("models/export/.git/config"), "hidden");

        PackageResult result = pack(format, false, inputs("base_handler", "models/export/", ""));

        assertThat(filesOf(result)).containsOnlyKeys("export/saved_model.pb", "export/variables/variables.index");
        ArchiveReader reader = ArchiveReader.of(result.archive(), ArchiveLimits.defaults());
        assertThat(reader.manifest().model().serializedFile()).contains("export");
        assertThat(reader.verify()).isEmpty();
    }

    @Test
    void takesTheContentOfAFolderAmongTheExtraFilesAsTheOriginalDoes() throws IOException {
        Trees.write(work.resolve("export/saved_model.pb"), "graph");
        Trees.write(work.resolve("export/variables/variables.index"), "index");

        PackageResult result =
                pack(ArchiveFormat.DEFAULT, false, inputs("base_handler", "export/saved_model.pb", "export"));

        assertThat(filesOf(result)).containsOnlyKeys("saved_model.pb", "variables/variables.index");
        assertThat(ArchiveReader.of(result.archive(), ArchiveLimits.defaults()).verify())
                .isEmpty();
    }

    /** Seen to fail when links in such a folder were followed as those among extra files are. */
    @Test
    void packsNothingThatALinkLeadsToOutOfTheSerializedFolder() throws IOException {
        Trees.write(work.resolve("export/saved_model.pb"), "graph");
        Files.createSymbolicLink(work.resolve("export/inside"), Path.of("saved_model.pb"));
        assertThat(filesOf(pack(ArchiveFormat.DEFAULT, false, inputs("base_handler", "export", ""))))
                .containsOnlyKeys("export/inside", "export/saved_model.pb");

        Path link = Files.createSymbolicLink(work.resolve("export/variables"), Path.of("../other"));
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.DEFAULT, true, inputs("base_handler", "export", "")))
                .withMessageContaining("--serialized-file: \"" + link + "\" is a link out of the folder");
    }

    @Test
    void refusesAnEmptySerializedFolder() throws IOException {
        Files.createDirectory(work.resolve("export"));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.DEFAULT, true, inputs("base_handler", "export", "")))
                .withMessageContaining("is an empty folder");
    }

    /** Planted: a Python file looked for, whatever is among the extra files. */
    @ParameterizedTest
    @ValueSource(strings = {"com.example.Reverse", "reverse"})
    void takesAHandlerWrittenInJavaFromAJarAmongTheExtraFiles(String handler) throws IOException {
        Trees.write(work.resolve("handler.jar"), "classes");

        PackageResult result = pack(ArchiveFormat.DEFAULT, false, inputs(handler, "w.pt", "handler.jar"));

        assertThat(filesOf(result)).containsOnlyKeys("handler.jar", "w.pt");
        ArchiveReader reader = ArchiveReader.of(result.archive(), ArchiveLimits.defaults());
        assertThat(reader.manifest().model().handler()).contains(handler);
        assertThat(reader.verify()).isEmpty();
    }

    @Test
    void looksForAPythonFileWhereThereIsNoJar() {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.DEFAULT, false, inputs("com.example.Reverse", "w.pt", "")))
                .withMessageContaining("com.example.Reverse.py");
    }

    @Test
    void aNativeHandlerGetsItsPlatformsSuffix() throws IOException {
        assertThat(filesOf(pack("", ArchiveFormat.DEFAULT, false, "LSP", inputs("native", "", ""))))
                .containsOnlyKeys("native.so");
    }

    @Test
    void refusesTwoFilesOfOneNameAndNamesBoth() {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.DEFAULT, false, inputs("h", "w.pt", "other")))
                .withMessageContaining("\"w.pt\"")
                .withMessageContaining(work.resolve("w.pt").toString())
                .withMessageContaining(work.resolve("other/w.pt").toString());
        assertThat(work.resolve("m.mar")).doesNotExist();
    }

    @Test
    void anArchiveDoesNotSwallowItself() throws IOException {
        pack(ArchiveFormat.DEFAULT, false, inputs("h", "", "*.pt"));

        PackageResult again = pack(ArchiveFormat.DEFAULT, true, inputs("h", "", "."));

        assertThat(filesOf(again)).doesNotContainKey("m.mar").containsKey("extra/w.pt");
        assertThat(again.warnings()).anyMatch(warning -> warning.startsWith("leaving out"));
    }

    @Test
    void forceReplacesAModelDirectoryOnly() throws IOException {
        Trees.write(work.resolve("m/precious.txt"), "mine");

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.NO_ARCHIVE, true, inputs("h", "", "")))
                .withMessageContaining("without MAR-INF/MANIFEST.json");
        assertThat(work.resolve("m/precious.txt")).hasContent("mine");
    }

    @Test
    void forceDoesNotReplaceADirectoryByAFileOrAFileByADirectory() throws IOException {
        Files.createDirectory(work.resolve("m.mar"));
        Trees.write(work.resolve("m"), "a file");

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.DEFAULT, true, inputs("h", "", "")))
                .withMessageContaining("is a directory");
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.NO_ARCHIVE, true, inputs("h", "", "")))
                .withMessageContaining("is no directory");
    }

    @Test
    void refusesInputsThatLieInWhatIsOverwritten() throws IOException {
        pack(ArchiveFormat.NO_ARCHIVE, false, inputs("h", "", ""));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.NO_ARCHIVE, true, inputs("m/h", "", "")))
                .withMessageContaining("lies in what is being overwritten");
        assertThat(work.resolve("m/h.py")).hasContent("handler");
    }

    @Test
    void repackingAModelDirectoryWritesANewManifest() throws IOException {
        Trees.write(work.resolve("old/MAR-INF/MANIFEST.json"), "{\"old\": true}");
        Trees.write(work.resolve("old/a.txt"), "a");

        PackageResult result = pack(ArchiveFormat.DEFAULT, false, inputs("h", "", "old"));

        assertThat(filesOf(result)).containsOnlyKeys("h.py", "a.txt");
        assertThat(ArchiveReader.of(result.archive(), ArchiveLimits.defaults())
                        .manifest()
                        .model()
                        .modelName())
                .contains("m");
    }

    @Test
    void followsLinksInInputsButNotInCircles() throws IOException {
        Files.createSymbolicLink(work.resolve("extra/link"), Path.of("../h.py"));

        assertThat(filesOf(pack(ArchiveFormat.DEFAULT, false, inputs("base_handler", "", "extra"))))
                .containsEntry("link", "handler");

        Files.createSymbolicLink(work.resolve("extra/loop"), Path.of("."));
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> pack(ArchiveFormat.DEFAULT, true, inputs("base_handler", "", "extra")))
                .withMessageContaining("links to itself");
    }

    @Test
    void usesNoStagingDirectory() throws IOException {
        Path staging = Path.of(System.getProperty("java.io.tmpdir")).resolve("m");
        boolean before = Files.exists(staging);

        pack(ArchiveFormat.DEFAULT, false, inputs("h", "w.pt", "extra"));

        assertThat(Files.exists(staging)).isEqualTo(before);
        assertThat(Trees.names(work)).noneMatch(name -> name.contains(".partial"));
    }

    @Test
    void aPatternNeedNotMatch() throws IOException {
        PackageResult result = pack(ArchiveFormat.DEFAULT, false, inputs("h", "", "none*"));

        assertThat(result.warnings()).singleElement().asString().contains("\"none*\" matches no file");
        assertThat(filesOf(result)).containsOnlyKeys("h.py");
    }

    @Test
    void takesAFileWhoseNameLooksLikeAPattern() throws IOException {
        Trees.write(work.resolve("x[1].txt"), "x");

        assertThat(filesOf(pack(ArchiveFormat.DEFAULT, false, inputs("h", "", "x[1].txt"))))
                .containsKey("x[1].txt");
    }
}
