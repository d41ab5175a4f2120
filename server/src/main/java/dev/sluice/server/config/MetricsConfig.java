// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The original's metrics; our own are always there.
 *
 * @param definitions a {@code metrics.yaml}; empty for the server's own
 * @param autoDetect whether metrics of handlers need no definition
 * @param system whether the machine's own figures are gathered
 * @param systemCommand a command that prints them instead
 * @param interval between two looks at the machine
 */
public record MetricsConfig(
        Mode mode,
        Optional<Path> definitions,
        boolean autoDetect,
        boolean system,
        Optional<String> systemCommand,
        Duration interval) {
    /** Where the original's metrics go: to the log, to the endpoint, or as versions up to 0.7 did. */
    public enum Mode {
        LOG,
        PROMETHEUS,
        LEGACY
    }

    static MetricsConfig of(ConfigValues values) {
        return new MetricsConfig(
                switch (values.word(ConfigKey.METRICS_MODE, "log", "prometheus", "legacy")) {
                    case "prometheus" -> Mode.PROMETHEUS;
                    case "legacy" -> Mode.LEGACY;
                    default -> Mode.LOG;
                },
                values.path(ConfigKey.METRICS_CONFIG),
                values.flag(ConfigKey.MODEL_METRICS_AUTO_DETECT),
                !values.flag(ConfigKey.DISABLE_SYSTEM_METRICS),
                values.text(ConfigKey.SYSTEM_METRICS_CMD),
                values.positiveDuration(ConfigKey.METRIC_TIME_INTERVAL));
    }
}
