// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.helpers.NOPAppender;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.LogsConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class LogSetupTest {
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

    @TempDir
    Path temp;

    @AfterEach
    void restore() throws Exception {
        context.reset();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(getClass().getClassLoader().getResource(ClassicConstants.TEST_AUTOCONFIG_FILE));
    }

    private LogsConfig config(boolean files, boolean json, String level) {
        return new LogsConfig(temp.resolve("logs"), temp.resolve("metrics"), json, level, files, false);
    }

    private String written(String file) throws IOException {
        return Files.readString(temp.resolve(file), StandardCharsets.UTF_8);
    }

    /** Seen to fail when the server's own logger had the file as well as the root: its lines were there twice. */
    @Test
    void writesEachLineToItsFileOnce() throws Exception {
        LogSetup.apply(config(true, false, "info"), Optional.empty());
        LoggerFactory.getLogger("dev.sluice.Something").info("of the server");
        LoggerFactory.getLogger("dev.sluice.Something").debug("too quiet");
        LoggerFactory.getLogger("MODEL_LOG").info("of a model");
        LoggerFactory.getLogger("ACCESS_LOG").info("of a request");
        LoggerFactory.getLogger("TS_METRICS").info("of the metrics");
        LoggerFactory.getLogger("MODEL_METRICS").info("of a model's metrics");
        stopAppenders();

        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3}";
        assertThat(written("logs/ts_log.log"))
                .matches(time + " \\[INFO ] \\S+ dev\\.sluice\\.Something - of the server\n");
        assertThat(written("logs/model_log.log")).matches(time + " \\[INFO ] \\S+ MODEL_LOG - of a model\n");
        assertThat(written("logs/access_log.log")).matches(time + " - of a request\n");
        assertThat(written("metrics/ts_metrics.log")).matches(time + " - of the metrics\n");
        assertThat(written("metrics/model_metrics.log")).matches(time + " - of a model's metrics\n");
    }

    @Test
    void writesObjectsWhenAsked() throws Exception {
        LogSetup.apply(config(true, true, "info"), Optional.empty());
        LoggerFactory.getLogger("ACCESS_LOG").info("of a request");
        stopAppenders();

        assertThat(written("logs/access_log.log")).startsWith("{\"ts\":\"").endsWith("\"msg\":\"of a request\"}\n");
    }

    @Test
    void makesNoFilesWhenToldNotTo() {
        LogSetup.apply(config(false, false, "debug"), Optional.empty());

        assertThat(temp).isEmptyDirectory();
        assertThat(LogSetup.isWritten(LogSetup.TS_METRICS)).isFalse();
        assertThat(LogSetup.isWritten(LogSetup.ACCESS_LOG)).isTrue();
        assertThat(context.getLogger("dev.sluice").getLevel()).isEqualTo(Level.DEBUG);
    }

    /** Seen to fail when requests shared the console with the server's own log. */
    @Test
    void writesRequestsWithAThreadOfItsOwnToTheConsoleToo() {
        LogSetup.apply(config(false, false, "info"), Optional.empty());

        assertThat(appenders(context.getLogger("ACCESS_LOG"))).singleElement().isInstanceOf(BoundedAppender.class);
    }

    /** Seen to fail when each logger that shares an appender counted it once more. */
    @Test
    void countsLinesThatWereDroppedOnce() {
        LogSetup.apply(config(false, false, "info"), Optional.empty());
        BoundedAppender shared = new BoundedAppender(new NOPAppender<>(), 1);
        context.getLogger("dev.sluice.a").addAppender(shared);
        context.getLogger("dev.sluice.b").addAppender(shared);
        shared.append(event());
        shared.append(event());

        assertThat(LogSetup.dropped()).isEqualTo(1);
    }

    private ILoggingEvent event() {
        return new LoggingEvent("unused", context.getLogger("dev.sluice.a"), Level.INFO, "line", null, null);
    }

    @Test
    void goesOnWithTheConsoleWhereNoDirectoryCanBeMade() throws Exception {
        Files.writeString(temp.resolve("logs"), "in the way");

        LogSetup.apply(config(true, false, "info"), Optional.empty());

        assertThat(appenders(context.getLogger("ROOT"))).hasSize(1);
    }

    @Test
    void rollsDailyAndBySizeAndKeepsFive() {
        LogSetup.apply(config(true, false, "info"), Optional.empty());

        RollingFileAppender<ILoggingEvent> file = (RollingFileAppender<ILoggingEvent>)
                ((BoundedAppender) appenders(context.getLogger("ACCESS_LOG")).get(0)).target();
        SizeAndTimeBasedRollingPolicy<?> rolling = (SizeAndTimeBasedRollingPolicy<?>) file.getRollingPolicy();
        assertThat(rolling.isStarted()).isTrue();
        assertThat(rolling.getFileNamePattern()).endsWith("access_log.%d{yyyy-MM-dd}.%i.log.gz");
        assertThat(rolling.getMaxHistory()).isEqualTo(5);
    }

    /** Seen to fail when it was taken for one of Logback's: there was no appender. */
    @Test
    void keepsItsOwnLayoutWhereLog4jSaysNothing() throws Exception {
        Path file = Files.writeString(temp.resolve("log4j2.xml"), "<Configuration status=\"info\"/>");

        LogSetup.apply(config(false, false, "info"), Optional.of(file));

        assertThat(appenders(context.getLogger("ROOT"))).hasSize(1);
    }

    @Test
    void takesLevelsFromLog4j() throws Exception {
        Path file = Files.writeString(temp.resolve("log4j2.xml"), """
                <?xml version="1.0" encoding="UTF-8"?>
                <Configuration>
                  <Appenders><Console name="STDOUT"/></Appenders>
                  <Loggers>
                    <Logger name="ACCESS_LOG" level="warn"/>
                    <Logger name="org.pytorch.serve" level="debug"/>
                    <Logger name="com.example" level="info"/>
                    <Root level="error"/>
                  </Loggers>
                </Configuration>
                """);

        LogSetup.apply(config(true, false, "info"), Optional.of(file));
        stopAppenders();

        assertThat(context.getLogger("ACCESS_LOG").getLevel()).isEqualTo(Level.WARN);
        assertThat(context.getLogger("dev.sluice").getLevel()).isEqualTo(Level.DEBUG);
        assertThat(context.getLogger("ROOT").getLevel()).isEqualTo(Level.ERROR);
        assertThat(written("logs/ts_log.log")).contains("not understood: Appenders, logger com.example level 'info'");
    }

    @Test
    void takesLogbackAsItIs() throws Exception {
        Path file = Files.writeString(temp.resolve("logback.xml"), """
                <configuration>
                  <appender name="file" class="ch.qos.logback.core.FileAppender">
                    <file>${LOG_LOCATION}/own.log</file>
                    <encoder><pattern>%msg%n</pattern></encoder>
                  </appender>
                  <root level="INFO"><appender-ref ref="file"/></root>
                </configuration>
                """);

        LogSetup.apply(config(true, false, "info"), Optional.of(file));
        LoggerFactory.getLogger("anything").info("here");
        stopAppenders();

        assertThat(written("logs/own.log")).isEqualTo("here\n");
    }

    /** Seen to fail (the secret was in the message) without the feature that disallows document types. */
    @Test
    void fetchesNothingThatAConfigurationNames() throws Exception {
        Path secret = Files.writeString(temp.resolve("secret"), "s3cret");
        Path file = Files.writeString(temp.resolve("log4j2.xml"), """
                <!DOCTYPE c [<!ENTITY x SYSTEM "%s">]>
                <Configuration><Loggers><Logger name="&x;" level="info"/></Loggers></Configuration>
                """.formatted(secret.toUri()));

        assertThatThrownBy(() -> LogSetup.apply(config(false, false, "info"), Optional.of(file)))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining("--log-config")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void refusesWhatIsNoConfiguration() throws Exception {
        Path file = Files.writeString(temp.resolve("x.xml"), "level=debug");

        assertThatThrownBy(() -> LogSetup.apply(config(false, false, "info"), Optional.of(file)))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining("expected: a logback or log4j2 configuration in XML");
        assertThatThrownBy(() -> LogSetup.apply(config(false, false, "info"), Optional.of(temp.resolve("none"))))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining("expected: a file that can be read");
    }

    /** Writes what is queued. */
    private void stopAppenders() {
        context.getLoggerList().forEach(logger -> appenders(logger).forEach(Appender::stop));
    }

    private static List<Appender<ILoggingEvent>> appenders(Logger logger) {
        List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
        for (Iterator<Appender<ILoggingEvent>> i = logger.iteratorForAppenders(); i.hasNext(); ) {
            appenders.add(i.next());
        }
        return appenders;
    }
}
