// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.Placement;
import dev.sluice.server.yaml.SafeYaml;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class PlacementChoiceTest {
    private static final int PROCESSORS = 8;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        logger(PlacementChoice.class).addAppender(log);
        logger(ModelOptions.class).addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger(PlacementChoice.class).detachAppender(log);
        logger(ModelOptions.class).detachAppender(log);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                 | ''                          | []
            deviceType: CPU                                    | ''                          | [cpu]
            deviceType: gpu                                    | ''                          | []
            deviceIds: [2, 0, 2]                               | ''                          | [cuda:2, cuda:0]
            {deviceType: gpu, deviceIds: [1]}                  | ''                          | [cuda:1]
            {deviceType: cpu, deviceIds: [1]}                  | ''                          | [cpu]
            {deviceType: cpu, sluice: {devices: [cuda:1]}}     | ''                          | [cuda:1]
            sluice: {devices: cpu}                             | ''                          | [cpu]
            sluice: {devices: [cpu, cuda:0]}                   | ''                          | [cpu, cuda:0]
            ''                                                 | deviceType: cpu             | [cpu]
            deviceType: gpu                                    | deviceType: cpu             | []
            deviceIds: [3]                                     | sluice: {devices: cpu}      | [cuda:3]
            """)
    void takesTheNearestSetting(String own, String served, String devices) {
        assertThat(of(own, served, 1).wanted()).hasToString(devices);
        assertThat(log.list).isEmpty();
    }

    /** As the original's keys are: a wrong one counts as not there, and the log says so. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            deviceType: tpu          | deviceType: tpu (expected: cpu or gpu); ignored
            deviceType: 3            | deviceType: 3 (expected: a name); ignored
            deviceIds: [0, x]        | deviceIds: [0, x] (expected: a list of numbers of cards, from 0); ignored
            deviceIds: [0, -1]       | deviceIds: [0, -1] (expected: a list of numbers of cards, from 0); ignored
            deviceIds: [99999999999] | deviceIds: [99999999999] (expected: a list of numbers of cards, from 0); ignored
            deviceIds: []            | deviceIds: [] (expected: a list of numbers of cards, from 0); ignored
            deviceIds: 1             | deviceIds: 1 (expected: a list of numbers of cards, from 0); ignored
            """)
    void ignoresWrongValuesOfTheOriginalsKeys(String own, String warning) {
        assertThat(of(own, "", 1)).isEqualTo(Placement.DEFAULT);
        assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).containsExactly("Model m:1.0: " + warning);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            devices: gpu              | sluice.devices: gpu (expected: cpu, cuda:0, or a list of such, each at most once)
            devices: []               | sluice.devices: [] (expected: cpu, cuda:0, or a list of such, each at most once)
            devices: [cpu, cpu]       | sluice.devices: [cpu, cpu] (expected: cpu, cuda:0, or a list of such, each at most once)
            devices: [cuda:-1]        | sluice.devices: [cuda:-1] (expected: cpu, cuda:0, or a list of such, each at most once)
            devices: {cuda: 1}        | sluice.devices: {cuda=1} (expected: cpu, cuda:0, or a list of such, each at most once)
            threads: 0                | sluice.threads: 0 (expected: a whole number, 1..1024, or auto)
            threads: 1025             | sluice.threads: 1025 (expected: a whole number, 1..1024, or auto)
            threads: many             | sluice.threads: many (expected: a whole number, 1..1024, or auto)
            threads: [1]              | sluice.threads: a list (expected: a whole number, 1..1024, or auto)
            """)
    void refusesWrongValuesOfOurs(String block, String message) {
        assertThatThrownBy(() -> of("sluice: {" + block + "}", "", 1)).hasMessage("Model m:1.0: " + message);
    }

    /** Seen to fail when instances were divided by processors. */
    @ParameterizedTest
    @CsvSource({
        "auto, 1, 8",
        "auto, 3, 2",
        "auto, 8, 1",
        "auto, 20, 1",
        "auto, 0, 1",
        "1, 8, 1",
        "4, 2, 4",
        ", 3,",
    })
    void countsThreads(@Nullable String threads, int instances, @Nullable Integer expected) {
        Placement placement = of(threads == null ? "" : "sluice: {threads: " + threads + "}", "", instances);

        assertThat(placement.threads().stream().boxed().toList())
                .isEqualTo(expected == null ? List.of() : List.of(expected));
        assertThat(of("", threads == null ? "" : "sluice: {threads: " + threads + "}", instances))
                .isEqualTo(placement);
    }

    @Test
    void obeysAndWarnsWhenMoreThreadsAreAskedForThanThereAreProcessors() {
        assertThat(of("sluice: {threads: 5}", "", 2).threads()).hasValue(5);
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "Model m:1.0: 2 instances of 5 threads each are more than the 8 processors there are, and"
                                + " will wait for each other");
    }

    @Test
    void saysNothingWhileThereAreProcessorsEnough() {
        of("sluice: {threads: 4}", "", 2);
        of("sluice: {threads: auto}", "", 3);

        assertThat(log.list).isEmpty();
    }

    private static Placement of(String own, String served, int instances) {
        ModelId id = new ModelId("m", "1.0");
        Map<String, Object> mine = SafeYaml.parse(own);
        Map<String, Object> servers = SafeYaml.parse(served);
        return new PlacementChoice(PROCESSORS)
                .of(
                        id,
                        new ModelOptions("Model m:1.0", mine),
                        new SluiceOptions("Model m:1.0", mine),
                        new ModelOptions("models", servers),
                        new SluiceOptions("models", servers),
                        new InstanceSpec(0, instances));
    }

    private static Logger logger(Class<?> type) {
        return (Logger) LoggerFactory.getLogger(type);
    }
}
