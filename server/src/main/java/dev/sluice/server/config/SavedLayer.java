// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What of an earlier run's settings counts in this one. Its models are restored elsewhere; where the server listens, who may
 * call it and what it may fetch is said at each start, so that nobody's port or open door comes back by itself.
 *
 * <p>Source: torchserve.md section 10, "Interaction"; there everything comes back.
 */
final class SavedLayer {
    private static final Set<ConfigKey> SAID_AT_EACH_START = Collections.unmodifiableSet(EnumSet.of(
            ConfigKey.INFERENCE_ADDRESS,
            ConfigKey.MANAGEMENT_ADDRESS,
            ConfigKey.METRICS_ADDRESS,
            ConfigKey.ENABLE_GRPC,
            ConfigKey.GRPC_INFERENCE_ADDRESS,
            ConfigKey.GRPC_INFERENCE_PORT,
            ConfigKey.GRPC_MANAGEMENT_ADDRESS,
            ConfigKey.GRPC_MANAGEMENT_PORT,
            ConfigKey.ENABLE_GRPC_SSL,
            ConfigKey.KEYSTORE,
            ConfigKey.KEYSTORE_PASS,
            ConfigKey.KEYSTORE_TYPE,
            ConfigKey.PRIVATE_KEY_FILE,
            ConfigKey.CERTIFICATE_FILE,
            ConfigKey.DISABLE_TOKEN_AUTHORIZATION,
            ConfigKey.ENABLE_MODEL_API,
            ConfigKey.ENABLE_ENVVARS_CONFIG,
            ConfigKey.ALLOWED_URLS,
            ConfigKey.USE_ENV_ALLOWED_URLS,
            ConfigKey.ALLOW_PRIVATE_ADDRESSES));

    /** Facts of that run, or of the models it had. */
    private static final Set<ConfigKey> OF_THAT_RUN = Collections.unmodifiableSet(EnumSet.of(
            ConfigKey.LOAD_MODELS,
            ConfigKey.MODEL_SNAPSHOT,
            ConfigKey.SNAPSHOTS,
            ConfigKey.SNAPSHOT_DIR,
            ConfigKey.LOG_LOCATION,
            ConfigKey.NUMBER_OF_GPU,
            ConfigKey.MODEL_SERVER_HOME,
            ConfigKey.PYTHON,
            ConfigKey.VMARGS,
            ConfigKey.VERSION));

    private SavedLayer() {}

    /** Those that count. */
    static List<Setting> counting(SavedSettings.Saved saved) {
        return settings(saved).stream()
                .filter(setting -> !SAID_AT_EACH_START.contains(setting.key()))
                .toList();
    }

    /** Those that would have counted in the original. */
    static List<Setting> saidAtEachStart(SavedSettings.Saved saved) {
        return settings(saved).stream()
                .filter(setting -> SAID_AT_EACH_START.contains(setting.key()))
                .toList();
    }

    private static List<Setting> settings(SavedSettings.Saved saved) {
        return saved.settings().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .flatMap(entry -> ConfigKey.named(entry.getKey())
                        .filter(key -> !OF_THAT_RUN.contains(key))
                        .map(key -> new Setting(key, entry.getValue(), "snapshot " + saved.origin()))
                        .stream())
                .toList();
    }
}
