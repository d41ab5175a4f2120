// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The log's configuration, and its end. */
final class LogSetup {
    private LogSetup() {}

    /** Replaces the built-in configuration by the one in {@code file}. */
    static void configure(Path file) {
        if (!Files.isReadable(file)) {
            throw refused(file, "a file that can be read", null);
        }
        LoggerContext context = context();
        context.reset();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(file.toFile());
        } catch (JoranException e) {
            throw refused(file, "a logback configuration; log4j2's are not read", e);
        }
    }

    private static ServingException refused(Path file, String expected, @Nullable Exception cause) {
        String message = "--log-config: " + file + " (expected: " + expected + ")";
        return cause == null
                ? new ServingException(ErrorCode.INVALID_INPUT, message)
                : new ServingException(ErrorCode.INVALID_INPUT, message, cause);
    }

    /** Writes what is still buffered. */
    static void flush() {
        context().stop();
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }
}
