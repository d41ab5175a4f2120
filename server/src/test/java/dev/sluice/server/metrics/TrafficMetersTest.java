// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.ModelRef;
import dev.sluice.server.config.MetricsConfig.Mode;
import dev.sluice.server.metrics.torchserve.MetricDefinitions;
import dev.sluice.server.metrics.torchserve.OriginalFacts;
import dev.sluice.server.metrics.torchserve.OriginalMetrics;
import dev.sluice.server.protocol.Rejection;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What never reaches a model, and what a page says of all. */
class TrafficMetersTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    private final ServerMetrics metrics = new ServerMetrics(new ModelRegistry(), "1.2.3");

    @AfterEach
    void close() {
        metrics.close();
    }

    /** Seen to fail when only requests that reached a model were counted. */
    @Test
    void countsWhatNoEndpointSaw() {
        metrics.refused(Rejection.BODY_TOO_LARGE);
        metrics.refused(Rejection.MALFORMED);
        metrics.denied("grpc", ErrorCode.UNAUTHENTICATED);

        assertThat(metrics.scrape())
                .contains(
                        "sluice_requests_rejected_total{model=\"_unknown\",reason=\"too_large\",version=\"_unknown\"} 1.0")
                .contains(
                        "sluice_requests_rejected_total{model=\"_unknown\",reason=\"unauthenticated\",version=\"_unknown\"} 1.0")
                .contains(
                        "sluice_requests_total{code=\"INVALID_ARGUMENT\",model=\"_unknown\",operation=\"_unrouted\",protocol=\"http\",version=\"_unknown\"} 2.0")
                .contains(
                        "sluice_requests_total{code=\"UNAUTHENTICATED\",model=\"_unknown\",operation=\"_unrouted\",protocol=\"grpc\",version=\"_unknown\"} 1.0");
    }

    @Test
    void countsCallsThatAreNotInference() {
        metrics.callEnded("grpc", "RegisterModel", "NOT_FOUND", 5_000_000);

        assertThat(metrics.scrape())
                .contains(
                        "sluice_requests_total{code=\"NOT_FOUND\",model=\"_none\",operation=\"RegisterModel\",protocol=\"grpc\",version=\"_none\"} 1.0")
                .contains(
                        "sluice_request_duration_seconds_sum{model=\"_none\",operation=\"RegisterModel\",protocol=\"grpc\",version=\"_none\"} 0.005");
    }

    @Test
    void countsLoadThatWasShedAndCallersWhoLeft() {
        finished(Map.of(), ErrorCode.OVERLOADED);
        finished(Map.of(), ErrorCode.CANCELLED);
        finished(Map.of(), ErrorCode.ENGINE_FAILED);

        assertThat(metrics.scrape())
                .contains(
                        "sluice_requests_rejected_total{model=\"_unknown\",reason=\"queue_full\",version=\"_unknown\"} 1.0")
                .contains("sluice_requests_cancelled_total{model=\"_unknown\",version=\"_unknown\"} 1.0")
                .doesNotContain("reason=\"\"");
    }

    /** Seen to fail without the trace being set around the recording. */
    @Test
    void remembersTheTraceOfARequestInOpenMetrics() {
        finished(Map.of("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01"), ErrorCode.INTERNAL);

        assertThat(metrics.scrapeOpenMetrics())
                .contains("trace_id=\"" + TRACE + "\"")
                .contains("span_id=\"00f067aa0ba902b7\"")
                .endsWith("# EOF\n");
        assertThat(metrics.scrape()).doesNotContain(TRACE);
    }

    @Test
    void remembersNoTraceThatIsNotSampledOrIsNone() {
        finished(Map.of("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-00"), ErrorCode.INTERNAL);
        finished(Map.of("traceparent", "00-" + TRACE + "\"} 1-00f067aa0ba902b7-01"), ErrorCode.INTERNAL);

        assertThat(metrics.scrapeOpenMetrics()).doesNotContain("trace_id");
    }

    @Test
    void endsAPageOfOpenMetricsOnce() {
        OriginalMetrics original =
                new OriginalMetrics(Mode.PROMETHEUS, MetricDefinitions.own(), false, "h1", InstantSource.system());
        new OriginalFacts(original).answered(200);
        MetricsPage page = new MetricsPage(metrics, original);

        assertThat(page.make(true))
                .endsWith("# EOF\n")
                .containsOnlyOnce("# EOF")
                .contains("\nRequests2XX{");
        assertThat(page.make(false))
                .doesNotContain("# EOF")
                .contains("\nRequests2XX{Level=\"Host\",Hostname=\"h1\",} 1.0\n");
    }

    private void finished(Map<String, String> headers, ErrorCode failure) {
        RequestContext context =
                new RequestContext("id", "torchserve", 0, RequestContext.NO_DEADLINE, headers, new Cancellation());
        metrics.requestFinished(ModelRef.of("no-such"), context, Optional.of(failure), 1_000_000);
    }
}
