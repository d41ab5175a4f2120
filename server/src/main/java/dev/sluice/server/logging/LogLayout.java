// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.sluice.server.config.LogsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/**
 * Loggers, files and console of one configuration.
 *
 * <pre>
 *   dev.sluice, root    console, ts_log.log
 *   MODEL_LOG           console, model_log.log
 *   ACCESS_LOG          access_log.log          the console when there are no files
 *   TS_METRICS          ts_metrics.log          nowhere when there are no files
 *   MODEL_METRICS       model_metrics.log       nowhere when there are no files
 * </pre>
 *
 * A file is rolled each day and at 100 MB, and packed; five days of it are kept. Names of packed files have the year, which
 * the original's do not: a year later they would be written over. The console is standard error, since standard
 * output belongs to the banner and the start marker.
 *
 * <p><b>Source:</b> torchserve.md section 11.2. There every line goes to {@code ts_log.log} and the console as well, those of
 * the server to {@code ts_log.log} twice.
 */
final class LogLayout {
    private static final FileSize MAX_FILE = new FileSize(100 * FileSize.MB_COEFFICIENT);
    private static final int KEPT = 5;

    private final LoggerContext context;
    private final LogsConfig config;
    private final List<String> problems = new ArrayList<>();

    LogLayout(LoggerContext context, LogsConfig config) {
        this.context = context;
        this.config = config;
    }

    /**
     * Sets everything up.
     *
     * @return what could not be done, in words
     */
    List<String> build() {
        Level level = Level.toLevel(config.level(), Level.INFO);
        Appender<ILoggingEvent> console = queued(console(), config.async());
        boolean server = config.files() && isWritable(config.directory());
        boolean metrics = config.files() && isWritable(config.metricsDirectory());

        Logger root = logger(LogSetup.ROOT, atLeast(level, Level.WARN), true);
        root.addAppender(console);
        logger(LogSetup.OWN, level, true);
        logger("io.netty", Level.ERROR, true);
        Logger models = logger(LogSetup.MODEL_LOG, level, false);
        models.addAppender(console);
        Logger requests = logger(LogSetup.ACCESS_LOG, level, false);
        if (server) {
            root.addAppender(queued(file(config.directory(), "ts_log", false), config.async()));
            models.addAppender(queued(file(config.directory(), "model_log", false), config.async()));
            requests.addAppender(queued(file(config.directory(), "access_log", true), true));
        } else {
            // Requests come on event loops, which wait for no terminal and no pipe.
            requests.addAppender(queued(console(), true));
        }
        metrics(LogSetup.TS_METRICS, "ts_metrics", metrics);
        metrics(LogSetup.MODEL_METRICS, "model_metrics", metrics);
        return problems;
    }

    private void metrics(String name, String file, boolean written) {
        Logger logger = logger(name, written ? Level.TRACE : Level.OFF, false);
        if (written) {
            logger.addAppender(queued(file(config.metricsDirectory(), file, true), true));
        }
    }

    private Logger logger(String name, Level level, boolean additive) {
        Logger logger = context.getLogger(name);
        logger.setLevel(level);
        logger.setAdditive(additive);
        return logger;
    }

    private static Level atLeast(Level level, Level least) {
        return level.isGreaterOrEqual(least) ? level : least;
    }

    private boolean isWritable(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            problems.add("Log directory " + directory + " cannot be made (" + e + "): the console has the log alone");
            return false;
        }
        if (!Files.isWritable(directory)) {
            problems.add("Log directory " + directory + " cannot be written: the console has the log alone");
            return false;
        }
        return true;
    }

    private Appender<ILoggingEvent> console() {
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setTarget("System.err");
        return started(console, "console", false);
    }

    private Appender<ILoggingEvent> file(Path directory, String name, boolean bare) {
        RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
        file.setContext(context);
        file.setFile(directory.resolve(name + ".log").toString());
        SizeAndTimeBasedRollingPolicy<ILoggingEvent> rolling = new SizeAndTimeBasedRollingPolicy<>();
        rolling.setContext(context);
        rolling.setParent(file);
        rolling.setFileNamePattern(
                directory.resolve(name + ".%d{yyyy-MM-dd}.%i.log.gz").toString());
        rolling.setMaxFileSize(MAX_FILE);
        rolling.setMaxHistory(KEPT);
        rolling.setTotalSizeCap(new FileSize(KEPT * MAX_FILE.getSize()));
        rolling.start();
        file.setRollingPolicy(rolling);
        return started(file, name, bare);
    }

    private Appender<ILoggingEvent> started(OutputStreamAppender<ILoggingEvent> appender, String name, boolean bare) {
        Encoder<ILoggingEvent> encoder =
                config.json() ? new JsonEncoder() : new TextEncoder(bare, ZoneId.systemDefault());
        encoder.setContext(context);
        encoder.start();
        appender.setContext(context);
        appender.setName(name);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }

    private Appender<ILoggingEvent> queued(Appender<ILoggingEvent> appender, boolean queued) {
        if (!queued) {
            return appender;
        }
        BoundedAppender bounded = new BoundedAppender(appender, BoundedAppender.CAPACITY);
        bounded.setContext(context);
        bounded.setName(appender.getName());
        bounded.start();
        return bounded;
    }
}
