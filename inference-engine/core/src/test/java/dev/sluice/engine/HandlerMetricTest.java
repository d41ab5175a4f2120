// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class HandlerMetricTest {
    @Test
    void keepsDimensionsInTheirOrder() {
        HandlerMetric metric =
                HandlerMetric.gauge("Load", "ms", -1.5).with("z", "1").with("a", "2");

        assertThat(metric.dimensions()).containsExactly(entry("z", "1"), entry("a", "2"));
        assertThat(metric.value()).isEqualTo(-1.5);
    }

    @Test
    void refusesWhatIsNoMetric() {
        assertThatThrownBy(() -> HandlerMetric.counter("Words", -1))
                .hasMessage("Words: -1.0 (expected: 0 or more, since it is a counter)");
        assertThatThrownBy(() -> HandlerMetric.counter("Words", Double.NaN)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> HandlerMetric.counter(" ", 1)).hasMessageContaining("not blank");
        assertThatThrownBy(() -> HandlerMetric.counter("two\nlines", 1)).hasMessageContaining("none of control");
        assertThatThrownBy(() -> HandlerMetric.counter("Words", 1).with("kind", "x".repeat(257)))
                .hasMessage("kind of a metric: 257 characters (expected: at most 256, and none of control)");
    }
}
