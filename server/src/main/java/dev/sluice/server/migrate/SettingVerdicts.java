// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.Setting;
import dev.sluice.server.migrate.Finding.Verdict;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** What becomes of each setting of the original. */
final class SettingVerdicts {
    /** Without effect here, and missed by whoever set them to something. */
    private static final Set<ConfigKey> MISSED = EnumSet.of(ConfigKey.CPP_LOG_CONFIG, ConfigKey.PLUGINS_PATH);

    private static final Map<ConfigKey, String> BETTER = better();
    private static final Map<ConfigKey, String> DIFFERENT = different();

    private SettingVerdicts() {}

    static Finding of(Setting setting) {
        ConfigKey key = setting.key();
        String subject = key.key();
        if (!key.hasEffect() && key != ConfigKey.VMARGS) {
            boolean isMissed = MISSED.contains(key) && !setting.value().strip().equalsIgnoreCase(key.fallback());
            return new Finding(
                    isMissed ? Verdict.CANNOT : Verdict.DIFFERENT, subject, "changes nothing here: " + key.idleness());
        }
        if (BETTER.containsKey(key)) {
            return new Finding(Verdict.BETTER, subject, BETTER.getOrDefault(key, ""));
        }
        return DIFFERENT.containsKey(key)
                ? new Finding(Verdict.DIFFERENT, subject, DIFFERENT.getOrDefault(key, ""))
                : new Finding(Verdict.EQUAL, subject, key.effect());
    }

    private static Map<ConfigKey, String> better() {
        Map<ConfigKey, String> better = new EnumMap<>(ConfigKey.class);
        better.put(ConfigKey.LOAD_MODELS, "loaded side by side; blanks after commas do no harm");
        better.put(ConfigKey.JOB_QUEUE_SIZE, "a full queue answers with Retry-After");
        better.put(ConfigKey.DEFAULT_RESPONSE_TIMEOUT, "counts for models with a configuration file of their own, too");
        better.put(ConfigKey.DEFAULT_STARTUP_TIMEOUT, "counts for models with a configuration file of their own, too");
        better.put(ConfigKey.MODELS, "as there; minWorkers above maxWorkers do not count, and the log says so");
        return better;
    }

    private static Map<ConfigKey, String> different() {
        Map<ConfigKey, String> different = new EnumMap<>(ConfigKey.class);
        different.put(
                ConfigKey.VMARGS,
                "read by the torchserve command; for sluice serve it is in SLUICE_JAVA_OPTS of the command");
        different.put(
                ConfigKey.DEFAULT_WORKERS_PER_MODEL,
                "a worker is a thread of the server, and a process only for Python handlers");
        different.put(
                ConfigKey.INSTALL_PY_DEP_PER_MODEL,
                "installed beside the model and kept for others with the same requirements, not into its folder");
        different.put(
                ConfigKey.BLACKLIST_ENV_VARS,
                "as there; but workers get the usual variables alone, and others only with worker_env");
        different.put(ConfigKey.NUMBER_OF_NETTY_THREADS, "0 means as many as suit, fewer than there");
        return different;
    }
}
