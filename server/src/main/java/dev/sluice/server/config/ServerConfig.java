// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.EnginePacksConfig;
import dev.sluice.server.repository.ModelStoreConfig;
import dev.sluice.server.repository.download.DownloadsConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * All that a server is told, checked.
 *
 * @param javaHandlers whether the Java code of handlers in archives may run
 * @param memoryBudget bytes that requests and answers may hold together
 * @param workParent where the process makes its private directory
 */
public record ServerConfig(
        ListenersConfig listeners,
        Optional<GrpcConfig> grpc,
        TlsConfig tls,
        CorsConfig cors,
        AdminConfig admin,
        TokensConfig tokens,
        ModelStoreConfig models,
        DownloadsConfig downloads,
        SnapshotsConfig snapshots,
        LogsConfig logs,
        MetricsConfig metrics,
        ReadinessConfig readiness,
        WireConfig wire,
        EnginePacksConfig engines,
        boolean javaHandlers,
        WorkersConfig workers,
        DrainConfig drain,
        long memoryBudget,
        TenantsConfig tenants,
        Path workParent) {
    private static final int MAX_THREADS = 4096;
    private static final long MOST_DOWNLOADED_BYTES = 1L << 42;

    /**
     * What the machine and the installation contribute.
     *
     * @param temporaryDirectory the system's
     * @param enginesDirectory where the installation has its engine packs
     * @param knownPacks where it describes those that can be had
     * @param platform of the machine, named as engine packs name it
     * @param memory of this process
     * @param pythonDirectory where it has what the processes of Python handlers run
     */
    public record Surroundings(
            Path temporaryDirectory,
            Optional<Path> enginesDirectory,
            Optional<Path> knownPacks,
            String platform,
            MachineMemory memory,
            Optional<Path> pythonDirectory) {
        /** Of an installation that runs no Python handlers. */
        public Surroundings(
                Path temporaryDirectory,
                Optional<Path> enginesDirectory,
                Optional<Path> knownPacks,
                String platform,
                MachineMemory memory) {
            this(temporaryDirectory, enginesDirectory, knownPacks, platform, memory, Optional.empty());
        }
    }

    /**
     * The tree for {@code values}.
     *
     * @throws ServingException {@code INVALID_INPUT} naming the value that cannot be used
     */
    public static ServerConfig of(ConfigValues values, Surroundings surroundings) {
        values.checkIdle();
        LogsConfig logs = LogsConfig.of(values);
        return new ServerConfig(
                listeners(values),
                GrpcConfig.of(values),
                TlsConfig.of(values),
                CorsConfig.of(values),
                new AdminConfig(
                        values.flag(ConfigKey.ENABLE_MODEL_API),
                        values.positiveDuration(ConfigKey.UNREGISTER_MODEL_TIMEOUT)),
                TokensConfig.of(values),
                models(values),
                downloads(values),
                SnapshotsConfig.of(values, logs),
                logs,
                MetricsConfig.of(values),
                ReadinessConfig.of(values),
                WireConfig.of(values),
                new EnginePacksConfig(
                        values.path(ConfigKey.ENGINES_DIR).or(surroundings::enginesDirectory),
                        values.path(ConfigKey.CACHE_DIR),
                        values.number(ConfigKey.ENGINE_THREADS, 1, MAX_THREADS),
                        values.text(ConfigKey.NUMBER_OF_GPU).isEmpty()
                                ? EnginePacksConfig.ALL_CARDS
                                : values.number(ConfigKey.NUMBER_OF_GPU, 0, EnginePacksConfig.ALL_CARDS),
                        surroundings.platform(),
                        surroundings.knownPacks()),
                values.flag(ConfigKey.JAVA_HANDLERS),
                WorkersConfig.of(values, surroundings.pythonDirectory()),
                new DrainConfig(values.duration(ConfigKey.DRAIN_DELAY), values.duration(ConfigKey.DRAIN_TIMEOUT)),
                memoryBudget(values, surroundings.memory()),
                new TenantsConfig(values.headerName(ConfigKey.TENANT_HEADER)),
                values.path(ConfigKey.WORK_DIR).orElse(surroundings.temporaryDirectory()));
    }

    /** Why {@link #of} refuses {@code values}: all that is wrong with them, one line each. */
    public static List<String> problems(ConfigValues values, Surroundings surroundings) {
        List<String> problems = new ArrayList<>();
        Optional<ConfigValues> rest = Optional.of(values);
        while (rest.isPresent()) {
            ConfigValues now = rest.get();
            try {
                ServerConfig unused = of(now, surroundings);
                rest = Optional.empty();
            } catch (ServingException e) {
                problems.add(e.safeMessage());
                // A refusal begins with the key; without that setting the next one shows.
                rest = now.settings().stream()
                        .map(Setting::key)
                        .filter(key -> e.safeMessage().startsWith(key.key() + ":"))
                        .findFirst()
                        .map(now::without);
            }
        }
        return problems;
    }

    private static ListenersConfig listeners(ConfigValues values) {
        return new ListenersConfig(
                values.address(ConfigKey.INFERENCE_ADDRESS, 80, 443),
                values.address(ConfigKey.MANAGEMENT_ADDRESS, 8081, 8444),
                values.flag(ConfigKey.ENABLE_METRICS_API)
                        ? Optional.of(values.address(ConfigKey.METRICS_ADDRESS, 8082, 8445))
                        : Optional.empty(),
                values.number(ConfigKey.NUMBER_OF_NETTY_THREADS, 0, MAX_THREADS),
                values.flag(ConfigKey.USE_NATIVE_IO),
                values.number(ConfigKey.MAX_REQUEST_SIZE, 1, Integer.MAX_VALUE));
    }

    private static long memoryBudget(ConfigValues values, MachineMemory memory) {
        return values.size(
                        ConfigKey.MEMORY_BUDGET,
                        MachineMemory.LEAST_BUDGET,
                        memory.mostBudget(),
                        "; the upper bound is three quarters of -XX:MaxDirectMemorySize")
                .orElseGet(memory::defaultBudget);
    }

    private static DownloadsConfig downloads(ConfigValues values) {
        return new DownloadsConfig(
                values.patterns(ConfigKey.ALLOWED_URLS),
                values.size(ConfigKey.DOWNLOAD_MAX_SIZE, 1, MOST_DOWNLOADED_BYTES, "")
                        .orElse(MOST_DOWNLOADED_BYTES),
                values.positiveDuration(ConfigKey.DOWNLOAD_TIMEOUT),
                values.flag(ConfigKey.ALLOW_PRIVATE_ADDRESSES));
    }

    private static ModelStoreConfig models(ConfigValues values) {
        Optional<Path> directory = values.path(ConfigKey.MODEL_STORE);
        if (directory.isPresent() && !Files.isDirectory(directory.get())) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "model_store: " + directory.get() + " (expected: a directory that exists; create it, or name"
                            + " another with --model-store DIR)");
        }
        int workers = values.number(ConfigKey.DEFAULT_WORKERS_PER_MODEL, 0, MAX_THREADS);
        Map<String, Map<String, Map<String, Object>>> defaults = values.modelDefaults(ConfigKey.MODELS);
        ModelStoreConfig models = new ModelStoreConfig(
                directory,
                values.text(ConfigKey.LOAD_MODELS).orElse(""),
                values.text(ConfigKey.DEFAULT_SERVICE_HANDLER),
                workers == 0 ? OptionalInt.empty() : OptionalInt.of(workers),
                values.number(ConfigKey.JOB_QUEUE_SIZE, 1, Integer.MAX_VALUE),
                values.positiveDuration(ConfigKey.DEFAULT_RESPONSE_TIMEOUT),
                values.positiveDuration(ConfigKey.DEFAULT_STARTUP_TIMEOUT),
                defaults);
        if (models.lacksDirectory()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "load_models: " + models.loadModels()
                            + " (expected: a model store to load from: --model-store DIR, or"
                            + " model_store in a file)");
        }
        return models;
    }
}
