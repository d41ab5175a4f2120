// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.archive.ArchiveFormat;
import dev.sluice.archive.ArchiveWriter;
import dev.sluice.archive.Manifest;
import dev.sluice.engine.SerializedFile;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Placement;
import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelStoreTest {
    @TempDir
    private Path folder;

    private Path directory;
    private WorkDirectory work;
    private ModelStore store;

    @BeforeEach
    void makeStore() throws IOException {
        directory = Files.createDirectory(folder.resolve("store"));
        work = WorkDirectory.below(folder.resolve("work"));
        store = new ModelStore(ModelStoreConfig.of(directory), Samples.CAPABILITIES, work, 2);
    }

    @AfterEach
    void deleteWork() {
        work.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                        | empty url
            ../outside.mar            | Relative path is not allowed in url: ../outside.mar
            a/../../outside.mar       | Relative path is not allowed in url: a/../../outside.mar
            http://example.org/a.mar  | Given URL http://example.org/a.mar does not match any allowed URL(s)
            HTTPS://example.org/a.mar | Given URL HTTPS://example.org/a.mar does not match any allowed URL(s)
            file:///etc/passwd        | Given URL file:///etc/passwd does not match any allowed URL(s)
            s3://bucket/a.mar         | Given URL s3://bucket/a.mar does not match any allowed URL(s)
            absent.mar                | Model not found at: absent.mar
            /etc                      | Model not found at: /etc
            /etc/passwd               | Model not found at: /etc/passwd
            /                         | Model not found at: /
            .                         | Model not found at: .
            """)
    void findsNothingOutsideTheStore(String location, String message) {
        assertRefused(location, ErrorCode.SOURCE_NOT_FOUND, message);
    }

    @Test
    void findsNothingAtANameThatIsNoPath() {
        assertRefused("a\u0000b", ErrorCode.SOURCE_NOT_FOUND, "Model not found at: a\u0000b");
    }

    @Test
    void saysWhenThereIsNoStore() {
        ModelStoreConfig none = new ModelStoreConfig(
                Optional.empty(),
                "",
                Optional.empty(),
                OptionalInt.empty(),
                1,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Map.of());
        store = new ModelStore(none, Samples.CAPABILITIES, work, 1);

        assertRefused("a.mar", ErrorCode.SOURCE_NOT_FOUND, "Model store has not been configured.");
    }

    /** TorchScript, for one, is a zip file: without its engine it is taken for an archive. */
    @Test
    void saysWhatWouldRunAFileThatIsTakenForAnArchive() throws IOException {
        Capabilities capabilities = new Capabilities(Set.of(".onnx"), Set.of(), 0, file -> ". Add what runs " + file);
        store = new ModelStore(ModelStoreConfig.of(directory), capabilities, work, 1);
        Files.writeString(directory.resolve("model.pt"), "no archive");

        assertThatThrownBy(() -> store.resolve(RegisterModel.atStartup("model.pt", Optional.empty())))
                .hasMessageStartingWith("\"model.pt\": not a ")
                .hasMessageEndingWith(". Add what runs model.pt");
    }

    @Test
    void followsNoLinkOutOfTheStore() throws IOException {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.createFile(outside.resolve("secret.onnx"));
        Files.createSymbolicLink(directory.resolve("linked.onnx"), outside.resolve("secret.onnx"));
        Files.createSymbolicLink(directory.resolve("linked"), outside);

        assertRefused("linked.onnx", ErrorCode.SOURCE_NOT_FOUND, "Model not found at: linked.onnx");
        assertRefused("linked", ErrorCode.SOURCE_NOT_FOUND, "Model not found at: linked");
        assertRefused(outside.toString(), ErrorCode.SOURCE_NOT_FOUND, "Model not found at: " + outside);
    }

    @Test
    void unpacksAnArchiveAndDeletesItWhenDiscarded() throws IOException {
        pack("m.mar", manifest("m", "weights.pt", Optional.empty()), Map.of("weights.pt", "w"));

        ModelSpec spec = store.resolve(named("m.mar"));

        assertThat(spec.id()).isEqualTo(new ModelId("m", "1.0"));
        assertThat(spec.handler()).isEqualTo("image_classifier");
        assertThat(spec.files().serializedFile()).contains("weights.pt");
        assertThat(spec.files().root().resolve("weights.pt")).hasContent("w");
        store.discard(spec);
        assertThat(spec.files().root()).doesNotExist();
        assertThat(directory.resolve("m.mar")).exists();
    }

    @Test
    void usesTheLastNameOfAPathAsTheOriginalDoes() throws IOException {
        pack("m.mar", manifest("m", "weights.pt", Optional.empty()), Map.of("weights.pt", "w"));

        assertThat(store.resolve(named("/elsewhere/m.mar")).id().name()).isEqualTo("m");
    }

    @Test
    void leavesNothingBehindWhenAModelIsRefused() throws IOException {
        pack("m.mar", manifest("bad name", "weights.pt", Optional.empty()), Map.of("weights.pt", "w"));

        assertThatThrownBy(() -> store.resolve(named("m.mar"))).hasMessageStartingWith("model_name: bad name");
        assertThat(work.models()).isEmptyDirectory();
    }

    @Test
    void refusesWhatIsNoArchive() throws IOException {
        Files.writeString(directory.resolve("broken.mar"), "no zip");

        assertThatThrownBy(() -> store.resolve(named("broken.mar")))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageNotContaining(folder.toString());
    }

    @Test
    void usesADirectoryInPlaceAndKeepsIt() throws IOException {
        Path model = Files.createDirectory(directory.resolve("plain"));
        Files.writeString(model.resolve("net.onnx"), "n");
        Files.writeString(model.resolve("model-config.yaml"), "batchSize: 3");

        ModelSpec spec = store.resolve(named("plain"));

        assertThat(spec.id()).isEqualTo(new ModelId("plain", "1.0"));
        assertThat(spec.handler()).isEqualTo("base_handler");
        assertThat(spec.files().serializedFile()).contains("net.onnx");
        assertThat(spec.batching().maxSize()).isEqualTo(3);
        store.discard(spec);
        assertThat(model.resolve("net.onnx")).exists();
    }

    @Test
    void looksIntoTheOnlyDirectoryOfADirectory() throws IOException {
        Path inner = Files.createDirectories(directory.resolve("outer/inner"));
        Files.writeString(inner.resolve("net.pt"), "n");

        assertThat(store.resolve(named("outer")).files().root()).isEqualTo(inner.toRealPath());
    }

    @Test
    void servesAPlainModelFile() throws IOException {
        Files.writeString(directory.resolve("res-net.onnx"), "n");
        Files.writeString(directory.resolve("other.onnx"), "n");

        ModelSpec spec = store.resolve(named("res-net.onnx"));

        assertThat(spec.id().name()).isEqualTo("res_net");
        assertThat(spec.files().serializedFile()).contains("res-net.onnx");
        assertThat(spec.handler()).isEqualTo("base_handler");
    }

    /** Made of bytes that no engine would take: what is asked here is which file the engine is given. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            export,                export
            export/,               export
            export/saved_model.pb, export
            .,                     .
            saved_model.pb,        .
            ,                      export
            ,                      .
            """)
    void findsTheSavedModelOfAnArchive(@Nullable String serializedFile, String where) throws IOException {
        Path export = folder.resolve("made").resolve(where);
        Files.createDirectories(export.resolve("variables"));
        Files.writeString(export.resolve("saved_model.pb"), "graph");
        Files.writeString(export.resolve("variables/variables.index"), "index");
        Map<String, Path> files = new TreeMap<>();
        String prefix = where.equals(".") ? "" : where + "/";
        files.put(prefix + "saved_model.pb", export.resolve("saved_model.pb"));
        files.put(prefix + "variables/variables.index", export.resolve("variables/variables.index"));
        files.put("index_to_name.json", Files.writeString(folder.resolve("labels"), "{}"));
        new ArchiveWriter(ArchiveFormat.DEFAULT, Instant.parse("2026-01-01T00:00:00Z"))
                .write(directory.resolve("m.mar"), "m", manifest("m", serializedFile, Optional.empty()), files);

        ModelSpec spec = store.resolve(named("m.mar"));

        Path found = SerializedFile.locate(spec);
        assertThat(found).hasContent("graph");
        assertThat(found.resolveSibling("variables/variables.index")).hasContent("index");
    }

    @ParameterizedTest
    @ValueSource(strings = {"m", "m/1", "m/export"})
    void findsTheSavedModelOfADirectory(String where) throws IOException {
        Path model = Files.createDirectories(directory.resolve(where));
        Files.createDirectories(model.resolve("variables"));
        Files.writeString(model.resolve("saved_model.pb"), "graph");

        ModelSpec spec = store.resolve(named("m"));

        assertThat(SerializedFile.locate(spec)).isEqualTo(model.toRealPath().resolve("saved_model.pb"));
        assertThat(spec.id()).isEqualTo(new ModelId("m", "1.0"));
        assertThat(spec.handler()).isEqualTo("base_handler");
    }

    @Test
    void refusesAFolderThatIsNoModel() throws IOException {
        Path model = modelDirectory(manifestJson("c.yaml", "export"));
        Files.writeString(model.resolve("c.yaml"), "");
        Files.createDirectory(model.resolve("export"));

        assertRefused(
                "model",
                ErrorCode.INVALID_MODEL,
                "serializedFile: export is a folder (expected: a file, or a folder that holds saved_model.pb)");
    }

    /** Seen to fail when only the folder's own place is looked at, and not that of the file in it. */
    @Test
    void readsNoSavedModelFromOutsideTheModel() throws IOException {
        Path model = modelDirectory(manifestJson("c.yaml", "export"));
        Files.writeString(model.resolve("c.yaml"), "");
        Files.writeString(folder.resolve("secret"), "graph");
        Files.createDirectory(model.resolve("export"));
        Files.createSymbolicLink(model.resolve("export/saved_model.pb"), folder.resolve("secret"));

        assertRefused(
                "model",
                ErrorCode.INVALID_MODEL,
                "serializedFile: export/saved_model.pb (expected: a file of the model)");
    }

    @Test
    void leavesExternalDataBesideTheModelItBelongsTo() throws IOException {
        pack(
                "m.mar",
                manifest("m", "net.onnx", Optional.empty()),
                Map.of("net.onnx", "graph", "net.onnx.data", "weights"));

        ModelSpec spec = store.resolve(named("m.mar"));

        assertThat(SerializedFile.locate(spec).resolveSibling("net.onnx.data")).hasContent("weights");
    }

    @Test
    void takesPlacementAndExecutionFromTheConfiguration() throws IOException {
        Path model = Files.createDirectory(directory.resolve("plain"));
        Files.writeString(model.resolve("net.onnx"), "n");
        Files.writeString(model.resolve("model-config.yaml"), "sluice: {devices: [cuda:1], threads: 2}");

        assertThat(store.resolve(named("plain")).placement())
                .isEqualTo(new Placement(List.of(Device.cuda(1)), OptionalInt.of(2)));
        Files.writeString(model.resolve("model-config.yaml"), "execution: python");
        assertThat(store.resolve(named("plain")))
                .satisfies(spec -> assertThat(spec.engine()).hasValue("python"))
                .satisfies(spec -> assertThat(spec.handler()).isEqualTo("base_handler"));
    }

    /** Seen to fail when the weights had to have a name that an engine knows. */
    @ParameterizedTest
    @ValueSource(strings = {"weights.safetensors", "weights", "absent.bin"})
    void leavesTheFilesOfAPythonModelToItsHandler(String weights) throws IOException {
        Path model = Files.createDirectory(directory.resolve("mine"));
        Files.writeString(
                Files.createDirectory(model.resolve("MAR-INF")).resolve("MANIFEST.json"),
                "{\"model\":{\"modelName\":\"m\",\"handler\":\"h.py\",\"envelope\":\"json\",\"serializedFile\":\""
                        + weights + "\"}}");
        Files.writeString(model.resolve("weights.safetensors"), "w");
        Files.createDirectory(model.resolve("weights"));

        ModelSpec spec = store.resolve(named("mine"));

        assertThat(spec.engine()).hasValue("python");
        assertThat(spec.handler()).isEqualTo("h.py");
        assertThat(spec.files().root()).isEqualTo(model.toRealPath());
        assertThat(spec.files().serializedFile().isPresent()).isEqualTo(!weights.startsWith("absent"));
        assertThat(spec.options()).containsEntry("sluice", Map.of("envelope", "json"));
    }

    @Test
    void takesTheServersHandlerForAFolderThatSaysNothing() throws IOException {
        Files.writeString(Files.createDirectory(directory.resolve("bare")).resolve("weights.any"), "w");
        ModelStore withHandler = new ModelStore(
                new ModelStoreConfig(
                        Optional.of(directory),
                        "",
                        Optional.of("/opt/handler_service.py:handle"),
                        OptionalInt.empty(),
                        100,
                        Duration.ofMinutes(2),
                        Duration.ofMinutes(2),
                        Map.of()),
                Samples.CAPABILITIES,
                work,
                2);

        ModelSpec spec = withHandler.resolve(named("bare"));

        assertThat(spec.engine()).hasValue("python");
        assertThat(spec.handler()).isEqualTo("/opt/handler_service.py:handle");
        assertThat(spec.id().name()).isEqualTo("bare");
        assertThat(spec.id().version()).isEqualTo("1.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../secret.yaml", "/etc/passwd", "absent.yaml", "link.yaml"})
    void readsNoConfigurationFromOutsideTheModel(String configFile) throws IOException {
        Path model = modelDirectory(manifestJson(configFile, "net.onnx"));
        Files.writeString(directory.resolve("secret.yaml"), "batchSize: 9");
        Files.createSymbolicLink(model.resolve("link.yaml"), directory.resolve("secret.yaml"));

        assertRefused(
                "model", ErrorCode.INVALID_MODEL, "configFile: " + configFile + " (expected: a file of the model)");
    }

    @Test
    void readsNoWeightsFromOutsideTheModel() throws IOException {
        Path model = modelDirectory(manifestJson("c.yaml", "../net.onnx"));
        Files.writeString(model.resolve("c.yaml"), "");

        assertRefused("model", ErrorCode.INVALID_MODEL, "serializedFile: ../net.onnx (expected: a file of the model)");
    }

    @Test
    void refusesAModelWhoseConfigurationIsBroken() throws IOException {
        Path model = modelDirectory(manifestJson("c.yaml", "net.onnx"));
        Files.writeString(model.resolve("c.yaml"), "a: [");

        assertThatThrownBy(() -> store.resolve(named("model")))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith("configFile: c.yaml is not YAML");
    }

    private Path modelDirectory(String manifest) throws IOException {
        Path model = Files.createDirectory(directory.resolve("model"));
        Files.writeString(model.resolve("net.onnx"), "n");
        Files.writeString(Files.createDirectory(model.resolve("MAR-INF")).resolve("MANIFEST.json"), manifest);
        return model;
    }

    private static String manifestJson(String configFile, String serializedFile) {
        return "{\"model\":{\"modelName\":\"m\",\"handler\":\"base_handler\",\"configFile\":\"" + configFile
                + "\",\"serializedFile\":\"" + serializedFile + "\"}}";
    }

    private static Manifest manifest(String name, @Nullable String weights, Optional<String> config) {
        Optional<String> none = Optional.empty();
        return Manifest.of(
                Instant.parse("2026-01-01T00:00:00Z"),
                Manifest.DEFAULT_RUNTIME,
                new Manifest.Model(
                        Optional.of(name),
                        Optional.ofNullable(weights),
                        Optional.of("image_classifier"),
                        none,
                        none,
                        Map.of(),
                        none,
                        config,
                        none,
                        none));
    }

    private void pack(String archive, Manifest manifest, Map<String, String> contents) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        for (Map.Entry<String, String> content : contents.entrySet()) {
            files.put(content.getKey(), Files.writeString(folder.resolve(content.getKey()), content.getValue()));
        }
        new ArchiveWriter(ArchiveFormat.DEFAULT, Instant.parse("2026-01-01T00:00:00Z"))
                .write(directory.resolve(archive), "m", manifest, files);
    }

    private static RegisterModel named(String location) {
        return RegisterModel.atStartup(location, Optional.empty());
    }

    private void assertRefused(String location, ErrorCode code, String message) {
        assertThatThrownBy(() -> store.resolve(named(location)))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(message);
    }
}
