// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.server.yaml.SafeYaml;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class SluiceOptionsTest {
    private static SluiceOptions of(String yaml) {
        return new SluiceOptions("Model m:1.0", SafeYaml.parse(yaml));
    }

    /** Seen to fail when the keys of engines are taken for unknown ones. */
    @Test
    void leavesToEnginesWhatTheyRead() {
        Logger logger = (Logger) LoggerFactory.getLogger(SluiceOptions.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            of("sluice: {inputs: list, djl: {engine: OnnxRuntime}}");
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list).isEmpty();
    }

    @Test
    void readsEveryKey() {
        SluiceOptions options = of("""
                sluice:
                  batch: {maxRows: 8, maxDelay: 5ms, allowedSizes: [1, 4, 8], split: true}
                  queue: {maxRows: 64, maxBytes: 5000000000, timeout: 2s, priorityLevels: 3, defaultPriority: 2, agingMillis: 500}
                  slo: {millis: 50}
                """);

        assertThat(options.maxRows()).contains(8);
        assertThat(options.maxDelay()).contains(Duration.ofMillis(5));
        assertThat(options.allowedSizes()).contains(AllowedSizes.of(1, 4, 8));
        assertThat(options.split()).contains(true);
        assertThat(options.queueRows()).contains(64L);
        assertThat(options.queueBytes()).contains(5_000_000_000L);
        assertThat(options.queueTimeout()).contains(Duration.ofSeconds(2));
        assertThat(options.priorityLevels()).contains(3);
        assertThat(options.defaultPriority()).contains(2);
        assertThat(options.ageing()).contains(Duration.ofMillis(500));
        assertThat(options.latencyTarget()).contains(Duration.ofMillis(50));
    }

    @Test
    void isEmptyWithoutTheBlock() {
        assertThat(of("batchSize: 3").maxRows()).isEmpty();
        assertThat(of("sluice: {batch: {maxDelay: 0}}").maxDelay()).contains(Duration.ZERO);
    }

    /** Planted: a bad value counts as not there, as with the original's keys; times of any length taken. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            batch: {maxRows: 0}             | sluice.batch.maxRows: 0 (expected: a whole number, 1 or more)
            batch: {maxRows: many}          | sluice.batch.maxRows: many (expected: a whole number, 1 or more)
            batch: {maxRows: 99999999999}   | sluice.batch.maxRows: 99999999999 (expected: a whole number, 1 or more)
            batch: {maxRows: [1]}           | sluice.batch.maxRows: a list (expected: a whole number, 1 or more)
            batch: {maxDelay: 5}            | sluice.batch.maxDelay: 5 (expected: a time with its unit, such as 5ms, 2s or 1m, at
            batch: {maxDelay: -5ms}         | sluice.batch.maxDelay: -5ms (expected: a time with its unit, such as 5ms, 2s or 1m, at
            batch: {allowedSizes: 4}        | sluice.batch.allowedSizes: 4 (expected: a list of whole numbers from 1
            batch: {allowedSizes: []}       | sluice.batch.allowedSizes: a list (expected: a list of whole numbers from 1
            batch: {allowedSizes: [4, 2]}   | sluice.batch.allowedSizes: [4, 2] (expected: a list of whole numbers from 1
            batch: {allowedSizes: [a]}      | sluice.batch.allowedSizes: [a] (expected: a list of whole numbers from 1
            batch: {allowedSizes: [99999999999]} | sluice.batch.allowedSizes: [99999999999] (expected: a list of whole
            batch: {split: often}           | sluice.batch.split: often (expected: true or false)
            queue: {timeout: 200000000m}    | sluice.queue.timeout: 200000000m (expected: a time with its unit, such as 5ms, 2s or 1m, more than 0, at most 365 days)
            batch: {maxDelay: 525601m}      | sluice.batch.maxDelay: 525601m (expected: a time with its unit, such as 5ms, 2s or 1m, at most 365 days)
            queue: {timeout: 0ms}           | sluice.queue.timeout: 0ms (expected: a time with its unit, such as 5ms, 2s or 1m, more than 0, at
            queue: {priorityLevels: 101}    | sluice.queue.priorityLevels: 101 (expected: a whole number, 1..100)
            slo: {millis: 0.5}              | sluice.slo.millis: 0.5 (expected: a whole number, 1 or more)
            slo: 50                         | sluice.slo: 50 (expected: a mapping)
            """)
    void refusesWhatCannotBeUsed(String section, String message) {
        assertThatThrownBy(() -> readAll(of("sluice: {" + section + "}")))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith("Model m:1.0: " + message);
    }

    private static void readAll(SluiceOptions options) {
        assertThat(options.maxRows().isPresent()
                        || options.maxDelay().isPresent()
                        || options.allowedSizes().isPresent()
                        || options.split().isPresent()
                        || options.queueTimeout().isPresent()
                        || options.priorityLevels().isPresent()
                        || options.latencyTarget().isPresent())
                .isTrue();
    }

    /** Planted: sections not looked into. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            batch: {maxRow: 4}  | unknown key sluice.batch.maxRow, ignored (did you mean maxRows?)
            batsh: {maxRows: 4} | unknown key sluice.batsh, ignored (did you mean batch?)
            slo: {nothing: 4}   | unknown key sluice.slo.nothing, ignored (expected one of: millis)
            """)
    void warnsOfUnknownKeys(String section, String warning) {
        Logger logger = (Logger) LoggerFactory.getLogger(SluiceOptions.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            of("sluice: {" + section + "}");
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).containsExactly("Model m:1.0: " + warning);
    }
}
