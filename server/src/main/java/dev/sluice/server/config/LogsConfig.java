// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.nio.file.Path;

/**
 * Where the log goes, and how it looks.
 *
 * @param directory of the log files
 * @param metricsDirectory of the log files of metrics
 * @param json whether each line is an object
 * @param level what is logged at least: {@code error} to {@code trace}
 * @param files whether there are files, or the console alone
 * @param async whether a thread of its own writes
 */
public record LogsConfig(
        Path directory, Path metricsDirectory, boolean json, String level, boolean files, boolean async) {
    private static final String DIRECTORY = "logs";

    static LogsConfig of(ConfigValues values) {
        return new LogsConfig(
                directory(values),
                values.path(ConfigKey.METRICS_LOCATION).orElse(Path.of(DIRECTORY)),
                values.word(ConfigKey.LOG_FORMAT, "text", "json").equals("json"),
                values.word(ConfigKey.LOG_LEVEL, "error", "warn", "info", "debug", "trace"),
                values.flag(ConfigKey.LOG_FILES),
                values.flag(ConfigKey.ASYNC_LOGGING));
    }

    /** Where the log files lie. */
    static Path directory(ConfigValues values) {
        return values.path(ConfigKey.LOG_LOCATION).orElse(Path.of(DIRECTORY));
    }
}
