// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static dev.sluice.server.config.ConfigKey.Kind.ADDRESS;
import static dev.sluice.server.config.ConfigKey.Kind.DURATION;
import static dev.sluice.server.config.ConfigKey.Kind.FLAG;
import static dev.sluice.server.config.ConfigKey.Kind.JSON;
import static dev.sluice.server.config.ConfigKey.Kind.NUMBER;
import static dev.sluice.server.config.ConfigKey.Kind.PATH;
import static dev.sluice.server.config.ConfigKey.Kind.SIZE;
import static dev.sluice.server.config.ConfigKey.Kind.TEXT;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every setting there is: its kind, its default, where it ends up and what it does. The name in files, flags and the
 * environment is the constant's in lower case.
 *
 * <p>Source: torchserve.md section 5.3 for the keys it has; the constants below {@link #DRAIN_DELAY} are ours.
 */
public enum ConfigKey {
    INFERENCE_ADDRESS(ADDRESS, "http://127.0.0.1:8080", "listeners.inference", "address of predictions"),
    MANAGEMENT_ADDRESS(ADDRESS, "http://127.0.0.1:8081", "listeners.management", "address of model management"),
    METRICS_ADDRESS(ADDRESS, "http://127.0.0.1:8082", "listeners.metrics", "address of the metrics"),
    ENABLE_METRICS_API(FLAG, "true", "listeners.metrics", "whether the metrics have an address at all"),
    NUMBER_OF_NETTY_THREADS(
            NUMBER, "0", "listeners.eventLoopThreads", "threads that read and write sockets; 0: as many as suit"),
    USE_NATIVE_IO(FLAG, "true", "listeners.nativeTransport", "epoll or kqueue where there is one"),
    MAX_REQUEST_SIZE(NUMBER, "6553500", "listeners.maxRequestBytes", "largest request body in bytes"),
    MODEL_STORE(PATH, "", "models.directory", "directory that holds the models"),
    LOAD_MODELS(TEXT, "", "models.loadModels", "models to start with: all, or [name=]location,..."),
    MODELS(JSON, "", "models.modelDefaults", "settings by model and version"),
    DEFAULT_SERVICE_HANDLER(TEXT, "", "models.defaultHandler", "handler of models that name none"),
    DEFAULT_WORKERS_PER_MODEL(
            NUMBER, "0", "models.defaultWorkers", "instances of models that name no number; 0: one per processor"),
    JOB_QUEUE_SIZE(NUMBER, "100", "models.queueCapacity", "requests that may wait for one model version"),
    DEFAULT_RESPONSE_TIMEOUT(DURATION, "120", "models.responseTimeout", "longest time a batch may take"),
    DEFAULT_STARTUP_TIMEOUT(DURATION, "120", "models.startupTimeout", "longest time loading may take"),
    NUMBER_OF_GPU(NUMBER, "", "engines.cards", "graphics cards that models may use, the first so many; default: all"),
    ENABLE_MODEL_API(FLAG, "false", "admin.modelApi", "whether models can be registered and removed over the network"),
    DISABLE_TOKEN_AUTHORIZATION(FLAG, "false", "admin.tokenAuthorizationDisabled", "serve without tokens"),
    /** Read by the sources themselves, from {@code config.properties}. */
    ENABLE_ENVVARS_CONFIG(FLAG, "false", "", "whether TS_* variables count"),

    DRAIN_DELAY(DURATION, "5", "drain.delay", "how long new connections are still taken after a request to stop"),
    DRAIN_TIMEOUT(DURATION, "45", "drain.timeout", "how long accepted requests may take to finish after that"),
    TENANT_HEADER(
            TEXT,
            "",
            "tenants.header",
            "request header that names the tenant; tenants share each model fairly. Default: all are one"),
    ENGINE_THREADS(NUMBER, "1", "engines.intraOpThreads", "threads one call of an engine may use"),
    JAVA_HANDLERS(FLAG, "true", "javaHandlers", "whether the Java code of handlers in archives may run"),
    ENGINES_DIR(PATH, "", "engines.directory", "directory of the engine packs"),
    MEMORY_BUDGET(
            SIZE,
            "",
            "memoryBudget",
            "bytes that requests and answers may hold together, such as 512m; default: 40 % of what the heap leaves, and"
                    + " never more than three quarters of -XX:MaxDirectMemorySize"),
    WORK_DIR(
            PATH,
            "",
            "workParent",
            "where this process makes its private directory; default: the system's for temporary files"),
    CACHE_DIR(PATH, "", "engines.cacheDirectory", "where engines may keep files; default: in the private directory"),

    GRPC_INFERENCE_ADDRESS,
    GRPC_MANAGEMENT_ADDRESS,
    GRPC_INFERENCE_PORT,
    GRPC_MANAGEMENT_PORT,
    GRPC_INFERENCE_MAX_CONNECTION_AGE_MS,
    GRPC_MANAGEMENT_MAX_CONNECTION_AGE_MS,
    GRPC_INFERENCE_MAX_CONNECTION_AGE_GRACE_MS,
    GRPC_MANAGEMENT_MAX_CONNECTION_AGE_GRACE_MS,
    ENABLE_GRPC_SSL,
    WORKFLOW_STORE,
    MODEL_SNAPSHOT,
    UNREGISTER_MODEL_TIMEOUT,
    NETTY_CLIENT_THREADS,
    MAX_RESPONSE_SIZE,
    LIMIT_MAX_IMAGE_PIXELS,
    DECODE_INPUT_REQUEST,
    SERVICE_ENVELOPE,
    INSTALL_PY_DEP_PER_MODEL,
    ALLOWED_URLS,
    USE_ENV_ALLOWED_URLS,
    BLACKLIST_ENV_VARS,
    TOKEN_EXPIRATION_MIN,
    CORS_ALLOWED_ORIGIN,
    CORS_ALLOWED_METHODS,
    CORS_ALLOWED_HEADERS,
    KEYSTORE,
    KEYSTORE_PASS,
    KEYSTORE_TYPE,
    PRIVATE_KEY_FILE,
    CERTIFICATE_FILE,
    METRICS_MODE,
    METRICS_CONFIG,
    MODEL_METRICS_AUTO_DETECT,
    DISABLE_SYSTEM_METRICS,
    SYSTEM_METRICS_CMD,
    METRIC_TIME_INTERVAL,
    ASYNC_LOGGING,
    PREFER_DIRECT_BUFFER,
    IO_RATIO,
    INITIAL_WORKER_PORT,
    INITIAL_DISTRIBUTION_PORT,
    TS_OPEN_INFERENCE_PROTOCOL,
    TS_HEADER_KEY_SEQUENCE_ID,
    TS_HEADER_KEY_SEQUENCE_START,
    TS_HEADER_KEY_SEQUENCE_END,
    IPEX_ENABLE,
    IPEX_GPU_ENABLE,
    CPU_LAUNCHER_ENABLE,
    CPU_LAUNCHER_ARGS,
    CPP_LOG_CONFIG,
    MODEL_SERVER_HOME,
    PYTHON,
    DEBUG,
    VERSION,
    VMARGS,
    PLUGINS_PATH;

    /** What a value looks like. */
    public enum Kind {
        TEXT,
        PATH,
        NUMBER,
        FLAG,
        DURATION,
        SIZE,
        ADDRESS,
        JSON
    }

    private static final Map<String, ConfigKey> BY_KEY =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(ConfigKey::key, Function.identity()));

    private final Kind kind;
    private final String fallback;
    private final String target;
    private final String effect;

    /** A key of the original that changes nothing yet: taken, and named in one line of the log. */
    ConfigKey() {
        this(TEXT, "", "", "");
    }

    ConfigKey(Kind kind, String fallback, String target, String effect) {
        this.kind = kind;
        this.fallback = fallback;
        this.target = target;
        this.effect = effect;
    }

    /** The key of that name, if there is one. */
    public static Optional<ConfigKey> named(String key) {
        return Optional.ofNullable(BY_KEY.get(key));
    }

    /** The name in files and flags. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    public Kind kind() {
        return kind;
    }

    /** The value when nobody gives one; empty for none. */
    public String fallback() {
        return fallback;
    }

    /** Path below {@link ServerConfig} of what it sets; empty if nothing. */
    public String target() {
        return target;
    }

    /** What it does, in a few words. */
    public String effect() {
        return effect;
    }

    /** Whether setting it changes anything. */
    public boolean hasEffect() {
        return !effect.isEmpty();
    }
}
