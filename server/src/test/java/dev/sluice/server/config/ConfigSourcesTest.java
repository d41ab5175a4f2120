// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
                        "config.properties:1: unknown key job_queue_sise, ignored (did you mean job_queue_size?)",
                        "sluice.yaml:1: unknown key quite_something_else, ignored");
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
                        Map.of("io_ratio", "50", "job_queue_size", "5", "cpp_log_config", "p"),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty())
                .read()
                .values();

        assertThat(values.withoutEffect()).containsExactly("io_ratio", "cpp_log_config");
    }

    /** Seen to fail when every key has a TS_ variable. */
    @Test
    void takesOriginalVariablesForTheKeysThatHaveThemAlone() throws IOException {
        Map<String, String> environment = Map.of(
                "TS_MODELS", "{}",
                "TS_USE_NATIVE_IO", "false",
                "TS_DRAIN_DELAY", "9",
                "TS_TOKEN_EXPIRATION_MIN", "7",
                "TS_TOKEN_EXPIRATION_TIME_MIN", "8",
                "TS_TS_HEADER_KEY_SEQUENCE_ID", "a",
                "TS_HEADER_KEY_SEQUENCE_ID", "b",
                "TS_INFERENCE_ADDRESS", "http://127.0.0.1:1");

        ConfigSurvey survey = survey(environment, "enable_envvars_config=true");

        assertThat(survey.values().settings())
                .extracting(setting -> setting.key().key() + "=" + setting.value() + " " + setting.origin())
                .containsExactlyInAnyOrder(
                        "enable_envvars_config=true config.properties:1",
                        "inference_address=http://127.0.0.1:1 variable TS_INFERENCE_ADDRESS",
                        "token_expiration_min=8 variable TS_TOKEN_EXPIRATION_TIME_MIN",
                        "ts_header_key_sequence_id=b variable TS_HEADER_KEY_SEQUENCE_ID");
    }

    @ParameterizedTest
    @CsvSource({
        "'', ",
        "use_env_allowed_urls=true, ",
        "enable_envvars_config=true, ",
        "'enable_envvars_config=true\nuse_env_allowed_urls=true', https://a/.*"
    })
    void takesAllowedUrlsFromTheEnvironmentIfBothSwitchesAreOn(String file, @Nullable String expected)
            throws IOException {
        ConfigSurvey survey = survey(Map.of("TS_ALLOWED_URLS", "https://a/.*"), file.replace("\\n", "\n"));

        assertThat(survey.values().text(ConfigKey.ALLOWED_URLS)).isEqualTo(Optional.ofNullable(expected));
    }

    @ParameterizedTest
    @CsvSource({"oip, true", "true, false", "OIP, false"})
    void switchesTheOpenProtocolOnForOneValueWithoutLeave(String value, boolean isOn) throws IOException {
        ConfigSurvey survey = survey(Map.of("TS_OPEN_INFERENCE_PROTOCOL", value), "");

        assertThat(survey.values().flag(ConfigKey.TS_OPEN_INFERENCE_PROTOCOL)).isEqualTo(isOn);
        assertThat(survey.warnings().isEmpty()).isEqualTo(isOn);
    }

    @Test
    void takesTheOriginalsPlacesForLogsWithoutLeave() throws IOException {
        ConfigValues values = survey(Map.of("LOG_LOCATION", "/l", "METRICS_LOCATION", "/m"), "log_location=/file")
                .values();

        assertThat(values.text(ConfigKey.LOG_LOCATION)).contains("/l");
        assertThat(values.text(ConfigKey.METRICS_LOCATION)).contains("/m");
    }

    @Test
    void saysWhyAVariableDoesNotCount() throws IOException {
        assertThat(survey(Map.of("TS_JOB_QUEUE_SIZE", "7", "SLUICE_JOB_QUEUE_SISE", "8"), "")
                        .warnings())
                .containsExactly(
                        "variable TS_JOB_QUEUE_SIZE: job_queue_size is ignored: TS_ variables count with"
                                + " enable_envvars_config=true alone, and SLUICE_JOB_QUEUE_SIZE always",
                        "variable SLUICE_JOB_QUEUE_SISE: no such setting, ignored (did you mean SLUICE_JOB_QUEUE_SIZE?)");
    }

    @Test
    void saysThatSettingsOfModelsLoadNone() throws IOException {
        assertThat(survey(Map.of(), "models={}").warnings())
                .singleElement()
                .asString()
                .contains("loads none");
        assertThat(survey(Map.of(), "models={}\nload_models=all").warnings()).isEmpty();
        assertThat(survey(Map.of(), "models={}\nmodel_snapshot={}").warnings()).isEmpty();
    }

    @Test
    void tellsWhoLostToWhom() throws IOException {
        ConfigSources sources = new ConfigSources(
                Map.of("job_queue_size", "1"),
                Map.of("SLUICE_JOB_QUEUE_SIZE", "2"),
                Optional.empty(),
                Optional.of(write("config.properties", "# first\n\nmodel_store=x\\\n  y\njob_queue_size=3")));

        ConfigSurvey.Trail trail =
                Objects.requireNonNull(sources.survey().trails().get(ConfigKey.JOB_QUEUE_SIZE));

        assertThat(trail.winner()).map(Setting::origin).contains("--set");
        assertThat(trail.losers())
                .extracting(
                        loser -> loser.setting().value() + " " + loser.setting().origin() + ": " + loser.why())
                .containsExactly(
                        "2 variable SLUICE_JOB_QUEUE_SIZE: --set goes before it",
                        "3 config.properties:5: variable SLUICE_JOB_QUEUE_SIZE goes before it");
    }

    @Test
    void listsAllThatIsWrong() throws IOException {
        ConfigSources sources = new ConfigSources(
                Map.of("modelstore", "x"),
                Map.of(),
                Optional.of(folder.resolve("absent.yaml")),
                Optional.of(write("config.properties", "model_store=$$NOWHERE$$\nload_models=$$NEITHER$$")));

        assertThat(sources.survey().problems()).hasSize(4);
        assertThatThrownBy(sources::read)
                .hasMessageContaining("NOWHERE")
                .hasMessageContaining("NEITHER")
                .hasMessageContaining("absent.yaml")
                .hasMessageContaining("modelstore");
    }

    @Test
    void readsWhatTheLastRunSavedWhereNobodyNamesAFile() throws IOException {
        Path found = changedAt(write("config.properties", "job_queue_size=1\ndefault_response_timeout=2"), 1000);

        ConfigSurvey survey = unnamed(found, Map.of(), 2000).survey();

        assertThat(survey.values().number(ConfigKey.JOB_QUEUE_SIZE, 1, 100)).isEqualTo(77);
        assertThat(survey.values().text(ConfigKey.DEFAULT_RESPONSE_TIMEOUT)).contains("2");
        assertThat(survey.warnings())
                .contains("config.properties:1: job_queue_size is ignored: snapshot s.cfg goes before it");
    }

    /** Seen to fail when the snapshot is put on top whatever the file's age: an operator edits the file, and nothing happens. */
    @Test
    void letsAFileThatWasChangedSinceGoBeforeWhatWasSaved() throws IOException {
        Path found = changedAt(write("config.properties", "job_queue_size=1"), 3000);

        ConfigSurvey survey = unnamed(found, Map.of(), 2000).survey();

        assertThat(survey.values().number(ConfigKey.JOB_QUEUE_SIZE, 1, 100)).isEqualTo(1);
        assertThat(survey.values().text(ConfigKey.UNREGISTER_MODEL_TIMEOUT)).contains("33");
    }

    /** Seen to fail when addresses count as the rest does. */
    @Test
    void bringsBackNeitherAddressesNorOpenDoorsNorModels() throws IOException {
        Path found = changedAt(write("config.properties", "management_address=http://127.0.0.1:7"), 1000);

        ConfigSurvey survey = unnamed(found, Map.of(), 2000).survey();

        assertThat(survey.values().text(ConfigKey.INFERENCE_ADDRESS)).contains("http://127.0.0.1:8080");
        assertThat(survey.values().text(ConfigKey.MANAGEMENT_ADDRESS)).contains("http://127.0.0.1:7");
        assertThat(survey.values().flag(ConfigKey.DISABLE_TOKEN_AUTHORIZATION)).isFalse();
        assertThat(survey.values().text(ConfigKey.LOAD_MODELS)).isEmpty();
        assertThat(survey.warnings())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("snapshot s.cfg: inference_address is not brought back, and has its default now"));
    }

    @Test
    void readsNothingSavedWhereAFileIsNamedOrSnapshotsAreOff() throws IOException {
        Path named = write("named.properties", "");
        ConfigSources sources = unnamed(named, Map.of(), 2000);
        ConfigSources byName = new ConfigSources(
                List.of(), Map.of(), Optional.empty(), Optional.of(named), Optional.empty(), sources.saved());
        ConfigSources off = unnamed(named, Map.of("SLUICE_SNAPSHOTS", "false"), 2000);

        assertThat(byName.read().values().number(ConfigKey.JOB_QUEUE_SIZE, 1, 100))
                .isEqualTo(100);
        assertThat(off.read().values().number(ConfigKey.JOB_QUEUE_SIZE, 1, 100)).isEqualTo(100);
    }

    @Test
    void looksForWhatWasSavedWhereItIsWritten() throws IOException {
        List<Path> asked = new ArrayList<>();
        SavedSettings saved = directory -> {
            asked.add(directory);
            return Optional.empty();
        };
        ConfigSources sources = new ConfigSources(
                List.of(),
                Map.of("LOG_LOCATION", "/var/l"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(write("config.properties", "")),
                saved);

        assertThat(sources.survey().problems()).isEmpty();
        assertThat(asked).containsExactly(Path.of("/var/l/config"));
    }

    /** Seen to fail when any snapshot in the directory counted. */
    @Test
    void takesNothingFromAServerWithAnotherModelStore() {
        SavedSettings saved = directory -> Optional.of(
                new SavedSettings.Saved("s.cfg", Map.of("model_store", "/a", "job_queue_size", "77"), Instant.EPOCH));
        for (String store : List.of("/b", "/a/../a")) {
            ConfigSources sources = new ConfigSources(
                    List.of(),
                    Map.of("SLUICE_MODEL_STORE", store),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    saved);

            assertThat(sources.read().values().number(ConfigKey.JOB_QUEUE_SIZE, 1, 100))
                    .isEqualTo(store.equals("/b") ? 100 : 77);
        }
    }

    private ConfigSources unnamed(Path found, Map<String, String> environment, long written) {
        Map<String, String> settings = Map.of(
                "job_queue_size", "77",
                "unregister_model_timeout", "33",
                "inference_address", "http://0.0.0.0:9999",
                "management_address", "http://0.0.0.0:9998",
                "disable_token_authorization", "true",
                "load_models", "all",
                "tsConfigFile", "elsewhere");
        return new ConfigSources(
                List.of(),
                environment,
                Optional.empty(),
                Optional.empty(),
                Optional.of(found),
                directory -> Optional.of(new SavedSettings.Saved("s.cfg", settings, Instant.ofEpochMilli(written))));
    }

    private static Path changedAt(Path file, long millis) throws IOException {
        return Files.setLastModifiedTime(file, FileTime.fromMillis(millis));
    }

    private ConfigSurvey survey(Map<String, String> environment, String properties) throws IOException {
        return new ConfigSources(
                        Map.of(), environment, Optional.empty(), Optional.of(write("config.properties", properties)))
                .survey();
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
