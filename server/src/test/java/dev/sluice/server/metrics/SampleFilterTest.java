// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class SampleFilterTest {
    private static final String PAGE = """
            # HELP a_total Counts a.
            # TYPE a_total counter
            a_total{x="1"} 1.0
            a_total{x="2"} 2.0
            # HELP h Measures h.
            # TYPE h histogram
            h_bucket{le="1"} 3
            h_count 3
            h_sum 4.0
            # HELP a Is like the first.
            # TYPE a gauge
            a 5.0
            """;

    @Test
    void keepsSamplesOfExactlyThatNameWithTheirComments() {
        assertThat(SampleFilter.keep(PAGE, Set.of("a")))
                .isEqualTo("# HELP a Is like the first.\n# TYPE a gauge\na 5.0\n");
        assertThat(SampleFilter.keep(PAGE, Set.of("a_total")))
                .isEqualTo(
                        "# HELP a_total Counts a.\n# TYPE a_total counter\na_total{x=\"1\"} 1.0\na_total{x=\"2\"} 2.0\n");
    }

    @Test
    void filtersHistogramsByTheirParts() {
        assertThat(SampleFilter.keep(PAGE, Set.of("h_sum", "h_count")))
                .isEqualTo("# HELP h Measures h.\n# TYPE h histogram\nh_count 3\nh_sum 4.0\n");
        assertThat(SampleFilter.keep(PAGE, Set.of("h"))).isEmpty();
    }
}
