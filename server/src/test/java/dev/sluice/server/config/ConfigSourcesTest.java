// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigSourcesTest {
    @TempDir
    private Path folder;

    /** Each source that is set gives the number in its column; the last column is who wins. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            flag, SLUICE_, TS_, yaml, properties, winner
            1,    2,       3,   4,    5,          1
            ,     2,       3,   4,    5,          2
            ,     ,        3,   4,    5,          3
            ,     ,        ,    4,    5,          4
            ,     ,        ,    ,     5,          5
            ,     ,        ,    ,     ,           100
            """, useHeadersInDisplayName = true)
    void theNearestSourceWins(
            @Nullable String flag,
            @Nullable String ours,
            @Nullable String originals,
            @Nullable String yaml,
            @Nullable String properties,
            int winner)
            throws IOException {
        Map<String, String> environment = new HashMap<>();
        putIfSet(environment, "SLUICE_JOB_QUEUE_SIZE", ours);
        putIfSet(environment, "TS_JOB_QUEUE_SIZE", originals);
        Map<String, String> flags = new HashMap<>();
        putIfSet(flags, "job_queue_size", flag);
        String file =
                "enable_envvars_config=true\n" + (properties == null ? "" : "job_queue_size=" + properties + "\n");

        ConfigSources sources = new ConfigSources(
                flags,
                environment,
                Optional.of(write("sluice.yaml", yaml == null ? "" : "job_queue_size: " + yaml)),
                Optional.of(write("config.properties", file)));

        assertThat(sources.read().values().number(ConfigKey.JOB_QUEUE_SIZE, 1, 1000))
                .isEqualTo(winner);
    }

    @Test
    void ignoresOriginalVariablesUnlessTheFileAllowsThem() throws IOException {
        Map<String, String> environment = Map.of("TS_JOB_QUEUE_SIZE", "7");

        assertThat(queueSize(environment, "")).isEqualTo(100);
        assertThat(queueSize(environment, "enable_envvars_config=false")).isEqualTo(100);
        assertThat(queueSize(environment, "enable_envvars_config=TRUE")).isEqualTo(7);
    }

    private int queueSize(Map<String, String> environment, String properties) throws IOException {
        return new ConfigSources(
                        Map.of(), environment, Optional.empty(), Optional.of(write("config.properties", properties)))
                .read()
                .values()
                .number(ConfigKey.JOB_QUEUE_SIZE, 1, 1000);
    }

    @Test
    void warnsOfUnknownKeysInFilesAndNamesTheNearest() throws IOException {
        ConfigSources sources = new ConfigSources(
                Map.of(),
                Map.of(),
                Optional.of(write("sluice.yaml", "quite_something_else: 1")),
                Optional.of(write("config.properties", "job_queue_sise=3")));

        assertThat(sources.read().warnings())
                .containsExactlyInAnyOrder(
                        "config.properties: unknown key job_queue_sise, ignored (did you mean job_queue_size?)",
                        "sluice.yaml: unknown key quite_something_else, ignored");
    }

    @Test
    void refusesUnknownKeysOnTheCommandLine() {
        ConfigSources sources =
                new ConfigSources(Map.of("modelstore", "x"), Map.of(), Optional.empty(), Optional.empty());

        assertThatThrownBy(sources::read)
                .hasMessage("unknown configuration key: modelstore (did you mean model_store?)");
    }

    @Test
    void takesVariablesInPropertiesFromTheEnvironment() throws IOException {
        Path file = write("config.properties", "load_models=$$FIRST$$.mar,$$SECOND$$.mar");

        ConfigSources sources =
                new ConfigSources(Map.of(), Map.of("FIRST", "a$1", "SECOND", "b"), Optional.empty(), Optional.of(file));

        assertThat(sources.read().values().text(ConfigKey.LOAD_MODELS)).contains("a$1.mar,b.mar");
    }

    @Test
    void refusesAVariableThatNobodySet() throws IOException {
        Path file = write("config.properties", "model_store=$$NOWHERE$$/x");
        ConfigSources sources = new ConfigSources(Map.of(), Map.of(), Optional.empty(), Optional.of(file));

        assertThatThrownBy(sources::read)
                .hasMessageContaining("model_store: $$NOWHERE$$/x")
                .hasMessageContaining("NOWHERE to be set");
    }

    @Test
    void readsContinuedLinesAsPropertiesDo() throws IOException {
        Path file = write("config.properties", "load_models : a.mar,\\\n    b.mar");
        ConfigSources sources = new ConfigSources(Map.of(), Map.of(), Optional.empty(), Optional.of(file));

        assertThat(sources.read().values().text(ConfigKey.LOAD_MODELS)).contains("a.mar,b.mar");
    }

    @Test
    void readsListsAndMappingsInYaml() throws IOException {
        Path file = write("sluice.yaml", "load_models: [a.mar, b.mar]\nmodels: {m: {'1.0': {batchSize: 4}}}");
        ConfigValues values = new ConfigSources(Map.of(), Map.of(), Optional.of(file), Optional.empty())
                .read()
                .values();

        assertThat(values.text(ConfigKey.LOAD_MODELS)).contains("a.mar,b.mar");
        assertThat(values.modelDefaults(ConfigKey.MODELS))
                .isEqualTo(Map.of("m", Map.of("1.0", Map.of("batchSize", 4))));
    }

    @Test
    void namesAFileThatIsNotThere() {
        ConfigSources sources =
                new ConfigSources(Map.of(), Map.of(), Optional.empty(), Optional.of(folder.resolve("absent")));

        assertThatThrownBy(sources::read).hasMessageContaining("absent");
    }

    @Test
    void listsKnownKeysThatChangeNothing() {
        ConfigValues values = new ConfigSources(
                        Map.of("io_ratio", "50", "job_queue_size", "5", "python", "p"),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty())
                .read()
                .values();

        assertThat(values.withoutEffect()).containsExactly("io_ratio", "python");
    }

    private static void putIfSet(Map<String, String> map, String key, @Nullable String value) {
        if (value != null) {
            map.put(key, value);
        }
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
