// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompositeGraphTest {
    private static Map<String, Object> step(String model, Map<String, String> inputs) {
        return Map.of("model", model, "inputs", inputs);
    }

    private static Map<String, Object> file(Map<String, Object> steps, Map<String, String> outputs) {
        return Map.of("handler", Map.of("composite", Map.of("steps", steps, "outputs", outputs)));
    }

    @Test
    void readsStepsInTheirOrderWithWhatTheyNeed() {
        Map<String, Object> steps = new LinkedHashMap<>();
        steps.put("b", step("second", Map.of("x", "a.out", "raw", "request.image")));
        steps.put("a", Map.of("model", "first", "version", "2.0", "inputs", Map.of("x", "request")));
        CompositeGraph graph = CompositeOptions.graph(file(steps, Map.of("label", "b")));

        assertThat(graph.steps().keySet()).containsExactly("b", "a");
        assertThat(graph.steps())
                .hasEntrySatisfying("b", b -> assertThat(b.needs()).containsExactly("a"))
                .hasEntrySatisfying("a", a -> {
                    assertThat(a.needs()).isEmpty();
                    assertThat(a.model().selector()).hasToString("Exact[version=2.0]");
                });
        assertThat(graph.outputs()).hasToString("[Wire[name=label, source=b]]");
        assertThat(graph.readers()).isEqualTo(Map.of("a", 1, "b", 1));
        assertThat(graph.maxInFlight()).isEqualTo(64);
    }

    /** Planted: no check of cycles; the model loaded, and its requests were never answered. */
    @Test
    void refusesStepsThatWaitForEachOther() {
        Map<String, Object> steps = Map.of(
                "a", step("m", Map.of("x", "b")),
                "b", step("m", Map.of("x", "a")),
                "c", step("m", Map.of("x", "request")));

        assertThatThrownBy(() -> CompositeOptions.graph(file(steps, Map.of("y", "a", "z", "c"))))
                .hasMessage("steps: [a, b] wait for each other (expected: no cycle)");
    }

    @Test
    void refusesAStepThatIsForNothing() {
        Map<String, Object> steps =
                Map.of("a", step("m", Map.of("x", "request")), "b", step("m", Map.of("x", "request")));

        assertThatThrownBy(() -> CompositeOptions.graph(file(steps, Map.of("y", "a"))))
                .hasMessage("step 'b' is for nothing (expected: another step or an output that reads it)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "c | step 'a': 'c' (expected: request, or one of the steps [a])",
                "'' | steps.a.inputs.x:  (expected: text)",
            })
    void refusesASourceThereIsNot(String source, String message) {
        Map<String, Object> steps = Map.of("a", step("m", Map.of("x", source)));

        assertThatThrownBy(() -> CompositeOptions.graph(file(steps, Map.of("y", "a"))))
                .hasMessage(message);
    }

    @Test
    void refusesKeysNobodyReadsAndValuesOfTheWrongKind() {
        Map<String, Object> a = step("m", Map.of("x", "request"));
        assertThatThrownBy(() -> CompositeOptions.graph(Map.of("handler", Map.of("composite", Map.of("stages", a)))))
                .hasMessage("stages: unknown key (expected one of: [maxBytes, maxInFlight, outputs, steps])");
        assertThatThrownBy(() -> CompositeOptions.graph(Map.of("handler", "composite")))
                .hasMessage("handler: composite (expected: a mapping)");
        assertThatThrownBy(() -> CompositeOptions.graph(Map.of(
                        "handler",
                        Map.of(
                                "composite",
                                Map.of("steps", Map.of("a", a), "outputs", Map.of("y", "a"), "maxInFlight", 0)))))
                .hasMessage("maxInFlight: 0 (expected: 1..2147483647)");
        assertThatThrownBy(() -> CompositeOptions.graph(file(Map.of("request", a), Map.of("y", "request"))))
                .hasMessage("step 'request' (expected: no dot, and not 'request')");
    }
}
