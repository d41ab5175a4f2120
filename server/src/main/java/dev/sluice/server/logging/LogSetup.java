// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.joran.spi.JoranException;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.LogsConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The log's configuration, and its end. Before {@link #apply} the log is what the file in the program says: the console alone.
 *
 * <p><b>Threads:</b> the main one, before the server starts and after it has stopped; {@link #dropped} from any.
 */
public final class LogSetup {
    /** Logger of one line per request; see {@code dev.sluice.server.transport.AccessLog}. */
    public static final String ACCESS_LOG = "ACCESS_LOG";

    /** Logger of what models themselves say. */
    public static final String MODEL_LOG = "MODEL_LOG";

    /** Logger of the server's metrics. */
    public static final String TS_METRICS = "TS_METRICS";

    /** Logger of the models' metrics. */
    public static final String MODEL_METRICS = "MODEL_METRICS";

    static final String OWN = "dev.sluice";
    static final String ROOT = org.slf4j.Logger.ROOT_LOGGER_NAME;

    private static final long MAX_BYTES = 1024 * 1024;

    private LogSetup() {}

    /**
     * Has the log be as {@code config} says, or as the file given with {@code --log-config}: a Logback configuration is taken
     * as it is, of a log4j2 one the levels.
     *
     * @throws ServingException {@code INVALID_INPUT} if the file is neither
     */
    public static void apply(LogsConfig config, Optional<Path> file) {
        byte[] xml = file.map(LogSetup::bytes).orElse(new byte[0]);
        Optional<Log4jLevels> log4j = file.flatMap(path -> log4j(path, xml));
        if (file.isPresent() && log4j.isEmpty()) {
            logback(file.get(), xml, config);
            return;
        }
        LoggerContext context = context();
        context.reset();
        List<String> problems = new LogLayout(context, config).build();
        org.slf4j.Logger log = LoggerFactory.getLogger(LogSetup.class);
        problems.forEach(log::warn);
        log4j.ifPresent(levels -> {
            levels.levels().forEach((name, level) -> context.getLogger(name).setLevel(level));
            if (!levels.ignored().isEmpty()) {
                log.warn(
                        "--log-config: only the levels of known loggers are taken from a log4j2 configuration; not"
                                + " understood: {}",
                        String.join(", ", levels.ignored()));
            }
        });
    }

    private static byte[] bytes(Path file) {
        try {
            if (!Files.isReadable(file) || Files.size(file) > MAX_BYTES) {
                throw refused(file, "a file that can be read, of " + MAX_BYTES + " bytes at most", null);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw refused(file, "a file that can be read", e);
        }
    }

    private static Optional<Log4jLevels> log4j(Path file, byte[] xml) {
        try {
            return Log4jLevels.read(xml);
        } catch (ServingException e) {
            throw refused(file, "a logback or log4j2 configuration in XML; " + e.safeMessage(), e);
        }
    }

    private static void logback(Path file, byte[] xml, LogsConfig config) {
        LoggerContext context = context();
        context.reset();
        context.putProperty("LOG_LOCATION", config.directory().toString());
        context.putProperty("METRICS_LOCATION", config.metricsDirectory().toString());
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(new ByteArrayInputStream(xml));
        } catch (JoranException e) {
            throw refused(file, "a logback or log4j2 configuration", e);
        }
    }

    private static ServingException refused(Path file, String expected, @Nullable Exception cause) {
        String message = "--log-config: " + file + " (expected: " + expected + ")";
        return cause == null
                ? new ServingException(ErrorCode.INVALID_INPUT, message)
                : new ServingException(ErrorCode.INVALID_INPUT, message, cause);
    }

    /** Lines that were not written since a disk was too slow. */
    public static long dropped() {
        Set<BoundedAppender> queues = Collections.newSetFromMap(new IdentityHashMap<>());
        for (ch.qos.logback.classic.Logger logger : context().getLoggerList()) {
            for (Iterator<Appender<ILoggingEvent>> i = logger.iteratorForAppenders(); i.hasNext(); ) {
                if (i.next() instanceof BoundedAppender bounded) {
                    // Several loggers may share one.
                    queues.add(bounded);
                }
            }
        }
        return queues.stream().mapToLong(BoundedAppender::dropped).sum();
    }

    /** Whether lines of {@code logger} go anywhere. */
    public static boolean isWritten(String logger) {
        return context().getLogger(logger).isEnabledFor(Level.INFO);
    }

    /** Writes what is still queued. */
    public static void flush() {
        context().stop();
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }
}
