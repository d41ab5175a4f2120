// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which keys the original has, and which of them its variables may replace.
 *
 * <p>Source: torchserve.md section 5.3, column E, and section 5.1 for the irregular names.
 */
final class OriginalKeys {
    /** Without a variable. */
    private static final Set<ConfigKey> FROM_FILES_ONLY = Collections.unmodifiableSet(EnumSet.of(
            ConfigKey.MODELS,
            ConfigKey.MODEL_SNAPSHOT,
            ConfigKey.USE_ENV_ALLOWED_URLS,
            ConfigKey.SYSTEM_METRICS_CMD,
            ConfigKey.METRIC_TIME_INTERVAL,
            ConfigKey.USE_NATIVE_IO,
            ConfigKey.IO_RATIO,
            ConfigKey.PYTHON,
            ConfigKey.VERSION,
            ConfigKey.ENABLE_ENVVARS_CONFIG,
            ConfigKey.VMARGS,
            ConfigKey.PLUGINS_PATH));

    private static final Set<ConfigKey> OURS = Collections.unmodifiableSet(EnumSet.of(
            ConfigKey.DRAIN_DELAY,
            ConfigKey.DRAIN_TIMEOUT,
            ConfigKey.TENANT_HEADER,
            ConfigKey.ENGINE_THREADS,
            ConfigKey.JAVA_HANDLERS,
            ConfigKey.ENGINES_DIR,
            ConfigKey.MEMORY_BUDGET,
            ConfigKey.WORK_DIR,
            ConfigKey.CACHE_DIR,
            ConfigKey.ENABLE_GRPC,
            ConfigKey.KEY_FILE,
            ConfigKey.STANDARD_AUTH_STATUS,
            ConfigKey.METRICS_TOKEN,
            ConfigKey.DOWNLOAD_MAX_SIZE,
            ConfigKey.DOWNLOAD_TIMEOUT,
            ConfigKey.ALLOW_PRIVATE_ADDRESSES,
            ConfigKey.SNAPSHOTS,
            ConfigKey.SNAPSHOTS_KEPT,
            ConfigKey.SNAPSHOT_DIR,
            ConfigKey.LOG_LOCATION,
            ConfigKey.METRICS_LOCATION,
            ConfigKey.LOG_FORMAT,
            ConfigKey.LOG_LEVEL,
            ConfigKey.LOG_FILES,
            ConfigKey.REQUIRED_MODELS,
            ConfigKey.FAIL_FAST,
            ConfigKey.PYTHON_WORKER,
            ConfigKey.WORKER_STARTS_AT_ONCE,
            ConfigKey.WORKER_MAX_REQUESTS,
            ConfigKey.WORKER_MEMORY,
            ConfigKey.WORKER_CPUS,
            ConfigKey.WORKER_SHARED_MEMORY,
            ConfigKey.WORKER_ENV,
            ConfigKey.WORKER_USER,
            ConfigKey.PIP_OPTIONS,
            ConfigKey.PYTHON_CACHE_DIR));

    private static final Map<ConfigKey, String> IRREGULAR = irregular();

    private OriginalKeys() {}

    static boolean includes(ConfigKey key) {
        return !OURS.contains(key);
    }

    static Optional<String> variable(ConfigKey key) {
        if (OURS.contains(key) || FROM_FILES_ONLY.contains(key)) {
            return Optional.empty();
        }
        return Optional.of(IRREGULAR.getOrDefault(key, "TS_" + key.name()));
    }

    private static Map<ConfigKey, String> irregular() {
        Map<ConfigKey, String> names = new EnumMap<>(ConfigKey.class);
        names.put(ConfigKey.TOKEN_EXPIRATION_MIN, "TS_TOKEN_EXPIRATION_TIME_MIN");
        names.put(ConfigKey.TS_HEADER_KEY_SEQUENCE_ID, "TS_HEADER_KEY_SEQUENCE_ID");
        names.put(ConfigKey.TS_HEADER_KEY_SEQUENCE_START, "TS_HEADER_KEY_SEQUENCE_START");
        names.put(ConfigKey.TS_HEADER_KEY_SEQUENCE_END, "TS_HEADER_KEY_SEQUENCE_END");
        names.put(ConfigKey.TS_OPEN_INFERENCE_PROTOCOL, "TS_OPEN_INFERENCE_PROTOCOL");
        return Collections.unmodifiableMap(names);
    }
}
