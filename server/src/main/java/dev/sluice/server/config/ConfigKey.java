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
 * Every setting there is: its kind, its default, where it ends up and what it does. The name in files and flags is the
 * constant's in lower case, and in variables the constant's after {@code SLUICE_}.
 *
 * <p>Source: torchserve.md section 5.3 for the keys of the original, which {@link OriginalKeys} tells from ours.
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

    ENABLE_GRPC(FLAG, "true", "grpc", "whether the gRPC services have addresses at all"),
    GRPC_INFERENCE_ADDRESS(TEXT, "127.0.0.1", "grpc.inference", "host of gRPC predictions"),
    GRPC_MANAGEMENT_ADDRESS(TEXT, "127.0.0.1", "grpc.management", "host of gRPC model management"),
    GRPC_INFERENCE_PORT(NUMBER, "7070", "grpc.inference", "port of gRPC predictions; 0: any"),
    GRPC_MANAGEMENT_PORT(NUMBER, "7071", "grpc.management", "port of gRPC model management; 0: any"),
    GRPC_INFERENCE_MAX_CONNECTION_AGE_MS(
            NUMBER, "", "grpc.inferenceAge", "milliseconds after which a connection is asked to go; default: never"),
    GRPC_INFERENCE_MAX_CONNECTION_AGE_GRACE_MS(
            NUMBER,
            "",
            "grpc.inferenceAge",
            "milliseconds its calls may take after that; default: as long as they take"),
    GRPC_MANAGEMENT_MAX_CONNECTION_AGE_MS(
            NUMBER, "", "grpc.managementAge", "milliseconds after which a connection is asked to go; default: never"),
    GRPC_MANAGEMENT_MAX_CONNECTION_AGE_GRACE_MS(
            NUMBER,
            "",
            "grpc.managementAge",
            "milliseconds its calls may take after that; default: as long as they take"),
    ENABLE_GRPC_SSL(FLAG, "false", "grpc.tls", "whether the gRPC listeners speak TLS"),
    KEYSTORE(PATH, "", "tls.keystore", "store of the server's key and certificate"),
    KEYSTORE_PASS(TEXT, "changeit", "tls.keystorePassword", "password of that store"),
    KEYSTORE_TYPE(TEXT, "PKCS12", "tls.keystoreType", "form of that store: PKCS12 or JKS"),
    PRIVATE_KEY_FILE(PATH, "", "tls.privateKey", "the server's key in PEM, when there is no store"),
    CERTIFICATE_FILE(PATH, "", "tls.certificate", "the server's certificate and those above it in PEM"),
    CORS_ALLOWED_ORIGIN(TEXT, "", "cors.origin", "value of access-control-allow-origin"),
    CORS_ALLOWED_METHODS(TEXT, "", "cors.methods", "value of access-control-allow-methods"),
    CORS_ALLOWED_HEADERS(TEXT, "", "cors.headers", "value of access-control-allow-headers"),
    TOKEN_EXPIRATION_MIN(TEXT, "60", "tokens.lifetime", "minutes for which a token holds; may have a fraction"),
    KEY_FILE(PATH, "key_file.json", "tokens.keyFile", "where the tokens are written"),
    STANDARD_AUTH_STATUS(
            FLAG, "false", "tokens.standardStatus", "whether a missing token gets 401 and a wrong one 403, not 400"),
    METRICS_TOKEN(FLAG, "false", "tokens.guardsMetrics", "whether the metrics want the management token"),
    ALLOWED_URLS(
            TEXT,
            "",
            "downloads.allowed",
            "regular expressions of the URLs models may come from, separated by commas; default: none"),
    USE_ENV_ALLOWED_URLS(FLAG, "false", "downloads.allowed", "whether TS_ALLOWED_URLS counts"),
    DOWNLOAD_MAX_SIZE(SIZE, "10g", "downloads.maxBytes", "largest archive that is downloaded"),
    DOWNLOAD_TIMEOUT(DURATION, "10m", "downloads.timeout", "longest time a download may take"),
    ALLOW_PRIVATE_ADDRESSES(
            FLAG,
            "false",
            "downloads.privateAddresses",
            "whether allowed URLs may lead to private and loopback addresses"),
    MODEL_SNAPSHOT(TEXT, "", "snapshots.inline", "models to start with, in the form snapshots have"),
    SNAPSHOTS(
            FLAG,
            "true",
            "snapshots.enabled",
            "whether the registered models survive a restart; --ncs switches it off"),
    SNAPSHOTS_KEPT(NUMBER, "20", "snapshots.kept", "snapshots of each kind that are kept, the newest"),
    SNAPSHOT_DIR(PATH, "", "snapshots.directory", "where snapshots lie; default: config below log_location"),
    LOG_LOCATION(PATH, "logs", "logs.directory", "where the log files lie"),
    METRICS_LOCATION(PATH, "logs", "logs.metricsDirectory", "where the log files of metrics lie"),
    LOG_FORMAT(TEXT, "text", "logs.format", "text, or json: one object a line"),
    LOG_LEVEL(TEXT, "info", "logs.level", "what is logged at least: error, warn, info, debug or trace"),
    LOG_FILES(FLAG, "true", "logs.files", "whether there are log files, or the console alone"),
    ASYNC_LOGGING(FLAG, "false", "logs.async", "whether lines are written by a thread of their own"),
    METRICS_MODE(TEXT, "log", "metrics.mode", "where the original's metrics go: log, prometheus or legacy"),
    METRICS_CONFIG(PATH, "", "metrics.definitions", "a metrics.yaml; default: that of the server"),
    MODEL_METRICS_AUTO_DETECT(FLAG, "false", "metrics.autoDetect", "whether metrics of handlers need no definition"),
    DISABLE_SYSTEM_METRICS(FLAG, "false", "metrics.system", "whether the machine's own figures are left out"),
    SYSTEM_METRICS_CMD(TEXT, "", "metrics.systemCommand", "a command that prints the machine's figures instead"),
    METRIC_TIME_INTERVAL(DURATION, "60", "metrics.interval", "time between two looks at the machine"),
    REQUIRED_MODELS(
            TEXT,
            "all",
            "readiness.required",
            "models without which the server is not ready: all, none, or names separated by commas"),
    FAIL_FAST(FLAG, "false", "readiness.failFast", "whether the server ends when a model it starts with does not load"),
    SERVICE_ENVELOPE(TEXT, "", "wire.envelope", "body, json, kserve or kservev2: how requests and answers are wrapped"),
    DECODE_INPUT_REQUEST(FLAG, "true", "wire.decodesInput", "whether handlers get JSON and text decoded"),
    MAX_RESPONSE_SIZE(NUMBER, "6553500", "wire.maxResponseBytes", "largest answer of a handler in bytes"),
    TS_OPEN_INFERENCE_PROTOCOL(FLAG, "false", "wire.openInference", "whether the original's /v2 endpoints are served"),
    TS_HEADER_KEY_SEQUENCE_ID(TEXT, "ts_request_sequence_id", "wire.sequenceHeaders", "header that names a sequence"),
    TS_HEADER_KEY_SEQUENCE_START(
            TEXT, "ts_request_sequence_start", "wire.sequenceHeaders", "header of the first request of one"),
    TS_HEADER_KEY_SEQUENCE_END(
            TEXT, "ts_request_sequence_end", "wire.sequenceHeaders", "header of the last request of one"),
    PYTHON(
            TEXT,
            "python",
            "workers.interpreter",
            "the Python that runs Python handlers: a name on the PATH, or a path"),
    PYTHON_WORKER(
            TEXT,
            "own",
            "workers.isOriginal",
            "what runs Python handlers: own, or original: the worker of the ts package that is installed"),
    WORKER_STARTS_AT_ONCE(
            NUMBER,
            "",
            "workers.startsAtOnce",
            "workers of a model that start at the same time; default: one per processor"),
    WORKER_MAX_REQUESTS(
            NUMBER,
            "",
            "workers.maxRequests",
            "requests after which a worker is replaced by a new one; default: never"),
    WORKER_MEMORY(SIZE, "", "workers.memoryBytes", "memory one worker may take, such as 2g; default: no limit"),
    WORKER_CPUS(TEXT, "", "workers.cpus", "processors one worker may use, such as 1.5; default: no limit"),
    WORKER_SHARED_MEMORY(
            SIZE,
            "16m",
            "workers.sharedMemoryBytes",
            "memory that the server and one worker share for tensors; 0: none"),
    WORKER_ENV(
            TEXT,
            "",
            "workers.allowedVariables",
            "variables of the server that workers get beyond the usual ones: names, or NAME* for all that begin so"),
    WORKER_USER(
            TEXT, "", "workers.user", "user whose rights workers have, where the server may choose; default: its own"),
    BLACKLIST_ENV_VARS(
            TEXT, "", "workers.hiddenVariables", "regular expression of the names of variables that workers never get"),
    INSTALL_PY_DEP_PER_MODEL(
            FLAG, "false", "workers.installsRequirements", "whether requirements of archives are installed"),
    PIP_OPTIONS(TEXT, "", "workers.pipOptions", "options of pip for that, such as --no-index --find-links DIR"),
    PYTHON_CACHE_DIR(
            PATH, "", "workers.cacheDirectory", "where what was installed is kept; default: in the private directory"),
    INITIAL_WORKER_PORT(
            NUMBER, "9000", "workers.firstPort", "number of the first worker, and its port where it has one"),
    INITIAL_DISTRIBUTION_PORT(
            NUMBER, "29500", "workers.firstDistributionPort", "number of the first worker that has several processes"),
    IPEX_ENABLE(FLAG, "false", "workers.ipex", "whether workers are told to use Intel's extension for PyTorch"),
    IPEX_GPU_ENABLE(FLAG, "false", "workers.ipexGpu", "whether workers are told to use it on Intel's cards"),
    CPU_LAUNCHER_ENABLE(
            FLAG,
            "false",
            "workers.cpuLauncherArguments",
            "whether workers are started by torch.backends.xeon.run_cpu"),
    CPU_LAUNCHER_ARGS(TEXT, "", "workers.cpuLauncherArguments", "what that is told"),
    LIMIT_MAX_IMAGE_PIXELS(
            FLAG, "true", "workers.limitsImagePixels", "whether Python handlers have Pillow's limit on images"),
    DEBUG(FLAG, "false", "workers.debug", "whether the one worker of a model is not started but attached to"),
    UNREGISTER_MODEL_TIMEOUT(DURATION, "120", "models.unregisterTimeout", "longest time removing a model may take"),
    WORKFLOW_STORE(PATH, "", "there are no workflows yet"),
    NETTY_CLIENT_THREADS(NUMBER, "0", "connections to workers need no threads of their own"),
    PREFER_DIRECT_BUFFER(FLAG, "false", "buffers always are"),
    IO_RATIO(NUMBER, "50", "event loops see to it themselves"),
    CPP_LOG_CONFIG(PATH, "", "there is no C++ runtime"),
    MODEL_SERVER_HOME(PATH, "", "the installation knows where it is"),
    VERSION(TEXT, "", "the server knows its version"),
    VMARGS(TEXT, "", "read by the torchserve command alone; with sluice serve use SLUICE_JAVA_OPTS"),
    PLUGINS_PATH(TEXT, "", "plugins are not loaded yet");

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
    private final String idleness;

    /** A key of the original that changes nothing yet: taken, and named in one line of the log. */
    ConfigKey(Kind kind, String fallback, String idleness) {
        this.kind = kind;
        this.fallback = fallback;
        this.target = "";
        this.effect = "";
        this.idleness = idleness;
    }

    ConfigKey(Kind kind, String fallback, String target, String effect) {
        this.kind = kind;
        this.fallback = fallback;
        this.target = target;
        this.effect = effect;
        this.idleness = "";
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

    /** Why setting it changes nothing; empty if it does. */
    public String idleness() {
        return idleness;
    }

    /** Whether the original has it, too. */
    public boolean isOriginal() {
        return OriginalKeys.includes(this);
    }

    /** The original's variable that may replace it once {@code enable_envvars_config=true} is set, if there is one. */
    public Optional<String> originalVariable() {
        return OriginalKeys.variable(this);
    }

    /** Whether its value is nobody's business. */
    public boolean isSecret() {
        return this == KEYSTORE_PASS;
    }
}
