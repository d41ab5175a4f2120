// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.EnginePacksConfig;
import dev.sluice.server.repository.ModelStoreConfig;
import dev.sluice.server.repository.download.DownloadsConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerConfigTest {
    private static final MachineMemory MEMORY = new MachineMemory(2000L << 20, 1000L << 20, 600L << 20);

    private static final GrpcConfig.Age FOR_EVER = new GrpcConfig.Age(Optional.empty(), Optional.empty());

    private static final ServerConfig.Surroundings SURROUNDINGS = new ServerConfig.Surroundings(
            Path.of("/somewhere/tmp"),
            Optional.of(Path.of("/home/engines")),
            Optional.of(Path.of("/home/packs")),
            "test-os",
            MEMORY,
            Optional.of(Path.of("/home/python")));

    private static final WorkersConfig USUAL_WORKERS = new WorkersConfig(
            Optional.of(Path.of("/home/python")),
            "python",
            false,
            true,
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            16 << 20,
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            List.of(),
            9000,
            29500,
            false,
            false,
            Optional.empty(),
            true,
            false);

    /** Every default in one place: changing one is changing what people run. */
    @Test
    void pinsTheDefaults() {
        assertThat(of(Map.of()))
                .isEqualTo(new ServerConfig(
                        new ListenersConfig(
                                new BindAddress("127.0.0.1", 8080),
                                new BindAddress("127.0.0.1", 8081),
                                Optional.of(new BindAddress("127.0.0.1", 8082)),
                                0,
                                true,
                                6_553_500),
                        Optional.of(new GrpcConfig(
                                new BindAddress("127.0.0.1", 7070),
                                new BindAddress("127.0.0.1", 7071),
                                false,
                                FOR_EVER,
                                FOR_EVER)),
                        new TlsConfig(Optional.empty(), "changeit", "PKCS12", Optional.empty(), Optional.empty()),
                        new CorsConfig(Optional.empty(), Optional.empty(), Optional.empty()),
                        new AdminConfig(false, Duration.ofMinutes(2)),
                        new TokensConfig(false, Path.of("key_file.json"), Duration.ofHours(1), false, false),
                        new ModelStoreConfig(
                                Optional.empty(),
                                "",
                                Optional.empty(),
                                OptionalInt.empty(),
                                100,
                                Duration.ofMinutes(2),
                                Duration.ofMinutes(2),
                                Map.of()),
                        new DownloadsConfig(List.of(), 10L << 30, Duration.ofMinutes(10), false),
                        new SnapshotsConfig(true, Path.of("logs/config"), 20, Optional.empty(), Map.of()),
                        new LogsConfig(Path.of("logs"), Path.of("logs"), false, "info", true, false),
                        new MetricsConfig(
                                MetricsConfig.Mode.LOG,
                                Optional.empty(),
                                false,
                                true,
                                Optional.empty(),
                                Duration.ofMinutes(1)),
                        new ReadinessConfig(true, List.of(), false),
                        new WireConfig(
                                Optional.empty(),
                                true,
                                6_553_500,
                                false,
                                new WireConfig.SequenceHeaders(
                                        "ts_request_sequence_id",
                                        "ts_request_sequence_start",
                                        "ts_request_sequence_end")),
                        new EnginePacksConfig(
                                Optional.of(Path.of("/home/engines")),
                                Optional.empty(),
                                1,
                                EnginePacksConfig.ALL_CARDS,
                                "test-os",
                                Optional.of(Path.of("/home/packs"))),
                        true,
                        USUAL_WORKERS,
                        new DrainConfig(Duration.ofSeconds(5), Duration.ofSeconds(45)),
                        400L << 20,
                        new TenantsConfig(Optional.empty()),
                        Path.of("/somewhere/tmp")));
    }

    @ParameterizedTest
    @CsvSource({"1048576, 1048576", "1024k, 1048576", "20M, 20971520", "450m, 471859200"})
    void takesAMemoryBudgetWithUnits(String given, long bytes) {
        assertThat(of(Map.of("memory_budget", given)).memoryBudget()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1023k  | 1048576..471859200 bytes; the upper bound is three quarters of -XX:MaxDirectMemorySize",
                "451m   | 1048576..471859200 bytes; the upper bound is three quarters of -XX:MaxDirectMemorySize",
                "999999999999g | 1048576..471859200 bytes; the upper bound is three quarters of -XX:MaxDirectMemorySize",
                "half   | a number of bytes, or one with k, m or g",
                "-5     | a number of bytes, or one with k, m or g"
            })
    void refusesAMemoryBudgetThatCannotBe(String given, String expected) {
        assertThatThrownBy(() -> of(Map.of("memory_budget", given)))
                .hasMessageStartingWith("memory_budget: " + given + " (expected: " + expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "python_worker         | theirs  | one of own, original",
                "worker_starts_at_once | 0       | 1..1024",
                "worker_max_requests   | 0       | 1..2147483647",
                "worker_memory         | 1m      | 16777216..70368744177664 bytes",
                "worker_memory         | lots    | a number of bytes, or one with k, m or g",
                "worker_cpus           | 0       | a number such as 2 or 1.5, more than 0 and at most 4096",
                "worker_cpus           | all     | a number such as 2 or 1.5, more than 0 and at most 4096",
                "worker_shared_memory  | 2g      | 0..1073741824 bytes; 0: none",
                "blacklist_env_vars    | A(      | a regular expression; Unclosed group",
                "initial_worker_port   | 70000   | 1..65535"
            })
    void refusesWhatNoWorkerCanBeGiven(String key, String given, String expected) {
        assertThatThrownBy(() -> of(Map.of(key, given)))
                .hasMessageStartingWith(key + ": " + given + " (expected: " + expected);
    }

    @Test
    void asksForTheLauncherForProcessorsOnlyIfItIsSwitchedOn() {
        assertThat(of(Map.of("cpu_launcher_args", "--x")).workers().cpuLauncherArguments())
                .isEmpty();
        assertThat(of(Map.of("cpu_launcher_enable", "true")).workers().cpuLauncherArguments())
                .hasValue("");
    }

    /** Seen to fail when all direct memory may be promised: then it ends before the budget does. */
    @Test
    void takesAShareOfWhatTheHeapLeavesButNoMoreThanThreeQuartersOfDirectMemory() {
        assertThat(new MachineMemory(1100 << 20, 100 << 20, 1 << 30).defaultBudget())
                .isEqualTo(400 << 20);
        assertThat(new MachineMemory(1100 << 20, 100 << 20, 100 << 20).defaultBudget())
                .isEqualTo(75 << 20);
        assertThat(new MachineMemory(100, 200, 1 << 20).defaultBudget()).isEqualTo(1 << 20);
        assertThat(MachineMemory.ofThisProcess().defaultBudget()).isGreaterThan(1 << 20);
    }

    @Test
    void everyKeyWithAnEffectSaysWhereItGoes() {
        assertThat(ConfigKey.values())
                .filteredOn(ConfigKey::hasEffect)
                .filteredOn(key -> key != ConfigKey.ENABLE_ENVVARS_CONFIG)
                .allSatisfy(key -> assertThat(key.target()).as(key.key()).isNotEmpty());
    }

    @Test
    void setsEveryValue(@TempDir Path store) {
        ServerConfig config = of(Map.ofEntries(
                Map.entry("inference_address", "http://127.0.0.2:1"),
                Map.entry("management_address", "http://[::1]:2"),
                Map.entry("metrics_address", "http://0.0.0.0:3"),
                Map.entry("model_store", store.toString()),
                Map.entry("load_models", "all"),
                Map.entry("default_service_handler", "base_handler"),
                Map.entry("default_workers_per_model", "3"),
                Map.entry("job_queue_size", "4"),
                Map.entry("default_response_timeout", "5"),
                Map.entry("default_startup_timeout", "6m"),
                Map.entry("enable_model_api", "True"),
                Map.entry("drain_delay", "0"),
                Map.entry("drain_timeout", "700ms"),
                Map.entry("tenant_header", "X-Team"),
                Map.entry("engine_threads", "2"),
                Map.entry("engines_dir", "/e"),
                Map.entry("java_handlers", "false"),
                Map.entry("python", "/usr/bin/python3.11"),
                Map.entry("python_worker", "Original"),
                Map.entry("worker_starts_at_once", "3"),
                Map.entry("worker_max_requests", "1000"),
                Map.entry("worker_memory", "2g"),
                Map.entry("worker_cpus", "1.5"),
                Map.entry("worker_shared_memory", "0"),
                Map.entry("worker_env", "MY_KEY, OTHER_*"),
                Map.entry("blacklist_env_vars", "AWS_.*"),
                Map.entry("worker_user", "nobody"),
                Map.entry("python_cache_dir", "/p"),
                Map.entry("install_py_dep_per_model", "true"),
                Map.entry("pip_options", "--no-index --find-links wheels"),
                Map.entry("initial_worker_port", "9100"),
                Map.entry("initial_distribution_port", "29600"),
                Map.entry("ipex_enable", "true"),
                Map.entry("ipex_gpu_enable", "true"),
                Map.entry("cpu_launcher_enable", "true"),
                Map.entry("cpu_launcher_args", "--ninstance 2"),
                Map.entry("limit_max_image_pixels", "false"),
                Map.entry("debug", "true"),
                Map.entry("number_of_gpu", "1"),
                Map.entry("work_dir", "/w"),
                Map.entry("cache_dir", "/c"),
                Map.entry("number_of_netty_threads", "8"),
                Map.entry("use_native_io", "false"),
                Map.entry("memory_budget", "7m"),
                Map.entry("max_request_size", "9")));

        assertThat(config)
                .isEqualTo(new ServerConfig(
                        new ListenersConfig(
                                new BindAddress("127.0.0.2", 1),
                                new BindAddress("::1", 2),
                                Optional.of(new BindAddress("0.0.0.0", 3)),
                                8,
                                false,
                                9),
                        Optional.of(new GrpcConfig(
                                new BindAddress("127.0.0.1", 7070),
                                new BindAddress("127.0.0.1", 7071),
                                false,
                                FOR_EVER,
                                FOR_EVER)),
                        new TlsConfig(Optional.empty(), "changeit", "PKCS12", Optional.empty(), Optional.empty()),
                        new CorsConfig(Optional.empty(), Optional.empty(), Optional.empty()),
                        new AdminConfig(true, Duration.ofMinutes(2)),
                        new TokensConfig(false, Path.of("key_file.json"), Duration.ofHours(1), false, false),
                        new ModelStoreConfig(
                                Optional.of(store),
                                "all",
                                Optional.of("base_handler"),
                                OptionalInt.of(3),
                                4,
                                Duration.ofSeconds(5),
                                Duration.ofMinutes(6),
                                Map.of()),
                        new DownloadsConfig(List.of(), 10L << 30, Duration.ofMinutes(10), false),
                        new SnapshotsConfig(
                                true,
                                Path.of("logs/config"),
                                20,
                                Optional.empty(),
                                config.snapshots().settings()),
                        new LogsConfig(Path.of("logs"), Path.of("logs"), false, "info", true, false),
                        new MetricsConfig(
                                MetricsConfig.Mode.LOG,
                                Optional.empty(),
                                false,
                                true,
                                Optional.empty(),
                                Duration.ofMinutes(1)),
                        new ReadinessConfig(true, List.of(), false),
                        new WireConfig(
                                Optional.empty(),
                                true,
                                6_553_500,
                                false,
                                new WireConfig.SequenceHeaders(
                                        "ts_request_sequence_id",
                                        "ts_request_sequence_start",
                                        "ts_request_sequence_end")),
                        new EnginePacksConfig(
                                Optional.of(Path.of("/e")),
                                Optional.of(Path.of("/c")),
                                2,
                                1,
                                "test-os",
                                Optional.of(Path.of("/home/packs"))),
                        false,
                        new WorkersConfig(
                                Optional.of(Path.of("/home/python")),
                                "/usr/bin/python3.11",
                                true,
                                false,
                                OptionalInt.of(3),
                                OptionalInt.of(1000),
                                OptionalLong.of(2L << 30),
                                Optional.of(1.5),
                                0,
                                List.of("MY_KEY", "OTHER_*"),
                                Optional.of("AWS_.*"),
                                Optional.of("nobody"),
                                Optional.of(Path.of("/p")),
                                true,
                                List.of("--no-index", "--find-links", "wheels"),
                                9100,
                                29600,
                                true,
                                true,
                                Optional.of("--ninstance 2"),
                                false,
                                true),
                        new DrainConfig(Duration.ZERO, Duration.ofMillis(700)),
                        7L << 20,
                        new TenantsConfig(Optional.of("X-Team")),
                        Path.of("/w")));
    }

    @Test
    void opensNoMetricsListenerWhenTheyAreOff() {
        assertThat(of(Map.of("enable_metrics_api", "false")).listeners().metrics())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            job_queue_size           | many        | job_queue_size: many (expected: a whole number
            job_queue_size           | 0           | job_queue_size: 0 (expected: 1..
            max_request_size         | 99999999999 | max_request_size: 99999999999 (expected: a whole number
            engine_threads           | 0           | engine_threads: 0 (expected: 1..
            default_response_timeout | 0           | default_response_timeout: 0 (expected: more than 0
            default_startup_timeout  | soon        | default_startup_timeout: soon (expected: seconds
            drain_timeout            | 200000000m  | drain_timeout: 200000000m (expected: at most 365 days
            tenant_header            | my team     | tenant_header: my team (expected: the name of a header
            drain_delay              | -1          | drain_delay: -1 (expected: seconds
            models                   | {"m": 3}    | models: {"m": 3} (expected: JSON like
            models                   | {           | models: { (expected: JSON like
            initial_worker_port      | many        | initial_worker_port: many (expected: a whole number
            grpc_inference_address   | a:b         | grpc_inference_address: a:b (expected:
            load_models              | m.mar       | load_models: m.mar (expected: a model store
            load_models              | all         | load_models: all (expected: a model store
            model_store              | /no/such    | model_store: /no/such (expected: a directory that exists
            """)
    void refusesWhatCannotBeUsed(String key, String value, String message) {
        assertThatThrownBy(() -> of(Map.of(key, value)))
                .isInstanceOfSatisfying(
                        ServingException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://0.0.0.0:8080", "http://[::]:8080", "http://192.0.2.1:8080", "http://example.invalid:80"})
    void takesOpenAddressesWithTokensAndWithout(String address) {
        for (String key : new String[] {"inference_address", "management_address"}) {
            assertThat(of(Map.of(key, address)).tokens().disabled()).isFalse();
            assertThat(of(Map.of(key, address, "disable_token_authorization", "true"))
                            .tokens()
                            .disabled())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"::1, [::1]:7070", "[::1], [::1]:7070", "fe80::1%eth0, [fe80::1%eth0]:7070", "localhost, localhost:7070"
    })
    void takesGrpcHostsWithAndWithoutBrackets(String given, String address) {
        assertThat(of(Map.of("grpc_inference_address", given)).grpc())
                .map(GrpcConfig::inference)
                .map(BindAddress::toString)
                .contains(address);
    }

    @Test
    void needsNoModelStoreForModelsFromElsewhere() {
        assertThat(of(Map.of("load_models", "m=https://models.example.com/m.mar, https://models.example.com/n.mar"))
                        .models()
                        .directory())
                .isEmpty();
    }

    /** Seen to fail when only the first problem is told. */
    @Test
    void namesAllThatCannotBeUsed() {
        ConfigSources sources = new ConfigSources(
                Map.of("job_queue_size", "0", "models", "{", "max_request_size", "7", "initial_worker_port", "x"),
                Map.of(),
                Optional.empty(),
                Optional.empty());

        assertThat(ServerConfig.problems(sources.read().values(), SURROUNDINGS))
                .hasSize(3)
                .anySatisfy(problem -> assertThat(problem).startsWith("job_queue_size: 0"))
                .anySatisfy(problem -> assertThat(problem).startsWith("models: {"))
                .anySatisfy(problem -> assertThat(problem).startsWith("initial_worker_port: x"));
    }

    private static ServerConfig of(Map<String, String> flags) {
        ConfigSources sources = new ConfigSources(flags, Map.of(), Optional.empty(), Optional.empty());
        return ServerConfig.of(sources.read().values(), SURROUNDINGS);
    }
}
