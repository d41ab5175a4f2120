// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ServingException;
import dev.sluice.server.metrics.torchserve.MetricDefinition.Kind;
import dev.sluice.server.yaml.SafeYaml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricDefinitionsTest {
    @TempDir
    Path temp;

    @Test
    void readsAFileOfTheOriginal() {
        MetricDefinitions read = MetricDefinitions.of(SafeYaml.parse("""
                dimensions:
                  - &model_name "ModelName"
                  - &level "Level"
                ts_metrics:
                  counter:
                    - name: Requests2XX
                      unit: Count
                      dimensions: [*level]
                model_metrics:
                  histogram:
                    - name: Latency
                      unit: ms
                      dimensions: [*model_name, *level]
                """));

        assertThat(read.server().values())
                .containsExactly(
                        new MetricDefinition("Requests2XX", "Count", Kind.COUNTER, List.of("Level"), List.of()));
        assertThat(read.models().values())
                .containsExactly(new MetricDefinition(
                        "Latency",
                        "ms",
                        Kind.HISTOGRAM,
                        List.of("ModelName", "Level", "Hostname"),
                        MetricDefinition.DEFAULT_BUCKETS));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ts_metrics: 1 | ts_metrics: 1 (expected: a mapping)",
                "ts_metrics: {summary: []} | expected: counter, gauge or histogram",
                "ts_metrics: {counter: {}} | expected: a list",
                "ts_metrics: {counter: [{unit: s, dimensions: []}]} | .name: null (expected: a text",
                "ts_metrics: {counter: [{name: a, unit: '', dimensions: []}]} | .unit:  (expected: a text",
                "ts_metrics: {counter: [{name: a, unit: s}]} | dimensions: null (expected: a list)",
                "ts_metrics: {gauge: [{name: a, unit: s, dimensions: []}, {name: a, unit: s, dimensions: []}]}"
                        + " | a is declared twice",
                "ts_metrics: {histogram: [{name: a, unit: s, dimensions: [], buckets: [2, 1]}]} | each above the one"
            })
    void saysWhereAFileIsWrong(String file, String message) {
        assertThatThrownBy(() -> MetricDefinitions.of(SafeYaml.parse(file)))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining(message);
    }

    /** The original then serves without any metrics. */
    @Test
    void takesTheServersOwnWhereTheFileCannotBeUsed() throws Exception {
        Path broken = Files.writeString(temp.resolve("broken.yaml"), "ts_metrics: [");

        assertThat(MetricDefinitions.orOwn(Optional.of(broken))).isEqualTo(MetricDefinitions.own());
        assertThat(MetricDefinitions.orOwn(Optional.of(temp.resolve("none")))).isEqualTo(MetricDefinitions.own());
        assertThat(MetricDefinitions.own().server()).hasSize(19);
        assertThat(MetricDefinitions.own().models()).containsOnlyKeys("HandlerTime", "PredictionTime");
    }
}
