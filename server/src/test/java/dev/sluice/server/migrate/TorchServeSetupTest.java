// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ConfigValues;
import dev.sluice.server.migrate.Finding.Verdict;
import dev.sluice.server.repository.Capabilities;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchServeSetupTest {
    @TempDir
    private Path root;

    private Path folder;
    private Path temporary;

    @BeforeEach
    void prepare() throws IOException {
        folder = Files.createDirectory(root.resolve("ts"));
        temporary = Files.createDirectory(root.resolve("tmp"));
    }

    @Test
    void saysOfEachModelWhetherItRuns() throws IOException {
        Path store = Files.createDirectory(folder.resolve("model-store"));
        archive(store.resolve("good.mar"), "image_classifier", "m.pt");
        archive(store.resolve("python.mar"), "handler.py", "m.pt", "handler.py");
        Files.writeString(store.resolve("broken.mar"), "no zip");
        Files.createFile(store.resolve("flow.war"));
        write("config.properties", "model_store=/home/model-server/model-store\nload_models=all");

        Migration migration = examine();

        assertThat(verdict(migration, "good.mar")).isEqualTo(Verdict.EQUAL);
        assertThat(verdict(migration, "python.mar")).isEqualTo(Verdict.EQUAL);
        assertThat(migration.findings())
                .extracting(Finding::text)
                .anySatisfy(text -> assertThat(text).endsWith("runs without Python"))
                .anySatisfy(text -> assertThat(text).endsWith("runs in Python workers"));
        assertThat(verdict(migration, "broken.mar")).isEqualTo(Verdict.CANNOT);
        assertThat(verdict(migration, "flow.war")).isEqualTo(Verdict.CANNOT);
        assertThat(migration.isComplete()).isFalse();
        assertThat(migration.yaml()).contains("model_store: " + store);
    }

    /** Seen to fail when the models are unpacked beside their archives. */
    @Test
    void changesNothingAndLeavesNothing() throws IOException {
        Path store = Files.createDirectory(folder.resolve("models"));
        archive(store.resolve("good.mar"), "image_classifier", "m.pt");
        List<String> before = everything();

        assertThat(examine().isComplete()).isTrue();

        assertThat(everything()).isEqualTo(before);
        assertThat(temporary).isEmptyDirectory();
    }

    /** The whole point of the file: it says the same. */
    @Test
    void writesAFileThatSaysTheSame() throws IOException {
        write("config.properties", """
                inference_address=http://127.0.0.1\\:8085
                load_models=a.mar,b\\=c.mar
                models={"a": {"1.0": {"batchSize": 4}}}
                enable_envvars_config=true
                default_service_handler=yes
                cors_allowed_origin=*
                token_expiration_min=007.50
                key_file=# no comment: "quoted"
                vmargs=-Xmx2g -Dlog4j.configurationFile=x -Da='b'
                keystore_pass=hush
                io_ratio=50
                """);

        Migration migration = examine();

        Path yaml = Files.writeString(root.resolve("sluice.yaml"), migration.yaml());
        ConfigValues values = new ConfigSources(Map.of(), Map.of(), Optional.of(yaml), Optional.empty())
                .read()
                .values();
        assertThat(values.settings())
                .extracting(setting -> setting.key().key() + "=" + setting.value())
                .containsExactlyInAnyOrder(
                        "inference_address=http://127.0.0.1:8085",
                        "load_models=a.mar,b=c.mar",
                        "models={\"a\":{\"1.0\":{\"batchSize\":4}}}",
                        "enable_envvars_config=true",
                        "default_service_handler=yes",
                        "cors_allowed_origin=*",
                        "token_expiration_min=007.50",
                        "key_file=# no comment: \"quoted\"");
        assertThat(migration.yaml()).doesNotContain("hush");
        assertThat(migration.command())
                .isEqualTo("SLUICE_JAVA_OPTS='-Xmx2g -Da='\\''b'\\''' sluice serve --config sluice.yaml");
        assertThat(verdict(migration, "log4j2")).isEqualTo(Verdict.CANNOT);
    }

    @Test
    void namesWhatIsMissed() throws IOException {
        write(
                "config.properties",
                "install_py_dep_per_model=true\nio_ratio=50\ncpp_log_config=c\nplugins_path=p\nmodel_store=gone");
        Path snapshots = Files.createDirectories(folder.resolve("logs/config"));
        Files.createFile(snapshots.resolve("20240101000000000-startup.cfg"));

        Migration migration = examine();

        assertThat(verdict(migration, "install_py_dep_per_model")).isEqualTo(Verdict.DIFFERENT);
        assertThat(verdict(migration, "io_ratio")).isEqualTo(Verdict.DIFFERENT);
        assertThat(verdict(migration, "cpp_log_config")).isEqualTo(Verdict.CANNOT);
        assertThat(verdict(migration, "plugins_path")).isEqualTo(Verdict.CANNOT);
        assertThat(migration.findings()).anySatisfy(finding -> {
            assertThat(finding.verdict()).isEqualTo(Verdict.CANNOT);
            assertThat(finding.text()).startsWith("gone is not there");
        });
        assertThat(migration.read()).contains("snapshots, the newest 20240101000000000-startup.cfg");
    }

    @Test
    void refusesAFolderThatIsNone() {
        assertThatThrownBy(this::examine).hasMessageContaining("expected: a folder with a config.properties");
    }

    private Migration examine() {
        Capabilities capabilities = new Capabilities(Set.of(".pt"), Set.of("image_classifier"));
        return new TorchServeSetup(folder, Map.of()).examine(Optional.empty(), new StoreJudge(capabilities, temporary));
    }

    private static Verdict verdict(Migration migration, String subject) {
        return migration.findings().stream()
                .filter(finding -> finding.subject().equals(subject))
                .findFirst()
                .orElseThrow()
                .verdict();
    }

    private List<String> everything() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static void archive(Path file, String handler, String... files) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("MAR-INF/MANIFEST.json"));
            String manifest = "{\"model\": {\"modelName\": \"m\", \"serializedFile\": \"m.pt\", \"handler\": \""
                    + handler + "\"}}";
            zip.write(manifest.getBytes(StandardCharsets.UTF_8));
            for (String name : files) {
                zip.putNextEntry(new ZipEntry(name));
            }
        }
    }
}
