// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.engine.Batch;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.server.config.MetricsConfig.Mode;
import dev.sluice.server.yaml.SafeYaml;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OriginalMetricsTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(1717105307));

    private final Logger serverLines = (Logger) LoggerFactory.getLogger("TS_METRICS");
    private final Logger modelLines = (Logger) LoggerFactory.getLogger("MODEL_METRICS");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        serverLines.addAppender(lines);
        modelLines.addAppender(lines);
    }

    @AfterEach
    void stop() {
        serverLines.detachAppender(lines);
        modelLines.detachAppender(lines);
    }

    private static OriginalMetrics metrics(Mode mode) {
        return new OriginalMetrics(mode, MetricDefinitions.own(), false, "h1", CLOCK);
    }

    /** One of everything, as a server would tell it. */
    private static OriginalMetrics played(Mode mode) {
        OriginalMetrics metrics = metrics(mode);
        OriginalFacts facts = new OriginalFacts(metrics);
        ModelRef asked = ModelRef.of("digits");
        RequestContext context =
                new RequestContext("id-1", "torchserve", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        InferenceRequest request = new InferenceRequest(asked, List.of(), List.of(), Map.of(), context);
        facts.answered(200);
        facts.answered(201);
        facts.answered(404);
        facts.answered(302);
        facts.requestAdmitted(asked, context);
        facts.requestAdmitted(ModelRef.of("digits", "2.0"), context);
        facts.requestTaken(new ModelId("digits", "1.0"), request, 2_500_000);
        facts.batchAnswered(new Batch(new ModelId("digits", "1.0"), List.of(request, request)), 7_654_321, 1_000_000);
        facts.requestFinished(asked, context, Optional.empty(), 12_000_000);
        facts.requestFinished(asked, context, Optional.of(ErrorCode.ENGINE_FAILED), 99_000_000);
        facts.instanceReady(new ModelId("digits", "1.0"), "W-1-digits_1.0", 42_000_000);
        return metrics;
    }

    private static String page(OriginalMetrics metrics, boolean openMetrics) {
        StringBuilder page = new StringBuilder();
        metrics.print(page, openMetrics);
        return page.toString();
    }

    private static String golden(String name) throws Exception {
        try (InputStream resource = OriginalMetricsTest.class.getResourceAsStream(name)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void showsThePageOfTheOriginal() throws Exception {
        OriginalMetrics metrics = played(Mode.PROMETHEUS);

        assertThat(page(metrics, false)).isEqualTo(golden("prometheus.txt"));
        assertThat(page(metrics, false))
                .containsPattern("Requests2XX\\{Level=\"Host\",Hostname=\".*\",\\} \\d+\\.\\d+");
        assertThat(lines.list).isEmpty();
    }

    @Test
    void showsThreeCountersToThoseWhoKnowNoOthers() throws Exception {
        assertThat(page(played(Mode.LEGACY), false)).isEqualTo(golden("legacy.txt"));
        assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
                .noneMatch(line -> line.startsWith("ts_"))
                .contains("Requests4XX.Count:1.0|#Level:Host|#hostname:h1,timestamp:1717105307");
    }

    /** Seen to fail when the hostname was repeated among the dimensions. */
    @Test
    void writesTheOriginalsLines() throws Exception {
        assertThat(page(played(Mode.LOG), false)).isEmpty();

        assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
                .containsExactlyElementsOf(golden("log.txt").lines().toList());
    }

    @Test
    void writesValidListsOfLabelsInOpenMetrics() {
        assertThat(page(played(Mode.PROMETHEUS), true))
                .contains("# TYPE Requests2XX unknown\nRequests2XX{Level=\"Host\",Hostname=\"h1\"} 2.0\n")
                .contains("# TYPE ts_inference_requests counter\nts_inference_requests_total{model_name=\"digits\"")
                .doesNotContain(",}");
    }

    @Test
    void escapesLabels() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS);
        metrics.server("Requests2XX", 1, List.of("a\"\\\n", "h1"));

        assertThat(page(metrics, false)).contains("Requests2XX{Level=\"a\\\"\\\\\\n\",Hostname=\"h1\",} 1.0\n");
    }

    @Test
    void countsValuesOfHistogramsBySize() {
        OriginalMetrics metrics =
                new OriginalMetrics(Mode.PROMETHEUS, MetricDefinitions.of(SafeYaml.parse("""
                        model_metrics:
                          histogram:
                            - {name: size, unit: B, dimensions: [], buckets: [1, 10]}
                        """)), false, "h1", CLOCK);
        List.of(1, 2, 10, 11).forEach(size -> metrics.model("size", (double) size, List.of("h1"), List.of()));

        assertThat(page(metrics, false)).isEqualTo("""
                        # HELP size Torchserve prometheus histogram metric with unit: B
                        # TYPE size histogram
                        size_bucket{Hostname="h1",le="1.0",} 1.0
                        size_bucket{Hostname="h1",le="10.0",} 3.0
                        size_bucket{Hostname="h1",le="+Inf",} 4.0
                        size_count{Hostname="h1",} 4.0
                        size_sum{Hostname="h1",} 24.0
                        """);
    }

    @Test
    void takesMetricsOfWorkersThatAreDeclared() {
        OriginalMetrics metrics =
                new OriginalMetrics(Mode.PROMETHEUS, MetricDefinitions.of(SafeYaml.parse("""
                        model_metrics:
                          counter:
                            - {name: Words, unit: count, dimensions: [ModelName, Level]}
                        """)), false, "h1", CLOCK);
        // In another order than declared.
        line(metrics, "[METRICS]Words.count:3|#Level:Model,ModelName:m|#type:COUNTER|#hostname:w1,1717105307,id-1");
        line(metrics, "[METRICS]Words.count:4|#ModelName:m,Level:Model|#type:COUNTER|#hostname:w1,1717105307,id-2");
        line(metrics, "[METRICS]Words.count:-4|#ModelName:m,Level:Model|#type:COUNTER|#hostname:w1,1717105307");
        line(metrics, "[METRICS]Unknown.count:4|#ModelName:m,Level:Model|#type:COUNTER|#hostname:w1,1717105307");

        assertThat(page(metrics, false))
                .endsWith("Words{ModelName=\"m\",Level=\"Model\",Hostname=\"w1\",} 7.0\n")
                .doesNotContain("Unknown");
    }

    @Test
    void detectsMetricsOfWorkersWhenAsked() {
        OriginalMetrics metrics = new OriginalMetrics(Mode.PROMETHEUS, MetricDefinitions.own(), true, "h1", CLOCK);
        line(metrics, "[METRICS]my metric.ms:1.5|#ModelName:m,Level:Model|#type:GAUGE|#hostname:w1,1717105307");

        assertThat(page(metrics, false))
                .contains("# TYPE my_metric gauge\nmy_metric{ModelName=\"m\",Level=\"Model\",Hostname=\"w1\",} 1.5\n");
    }

    /** Seen to fail without a bound. */
    @Test
    void doesNotDetectWithoutEnd() {
        OriginalMetrics metrics = new OriginalMetrics(Mode.PROMETHEUS, MetricDefinitions.own(), true, "h1", CLOCK);
        for (int i = 0; i < 1500; i++) {
            line(metrics, "[METRICS]m" + i + ".ms:1|#ModelName:m|#type:GAUGE|#hostname:w1,1717105307");
        }

        assertThat(page(metrics, false).lines().filter(line -> line.startsWith("m")))
                .hasSize(1000);
    }

    @Test
    void forgetsModelsThatAreGone() {
        OriginalMetrics metrics = played(Mode.PROMETHEUS);

        metrics.keep(Set.of());

        assertThat(page(metrics, false)).doesNotContain("digits").contains("Requests2XX{");
    }

    /** Seen to fail when only names were looked at: a model of many versions had series without end. */
    @Test
    void forgetsVersionsThatAreGoneAndTheirInstances() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS);
        OriginalFacts facts = new OriginalFacts(metrics);
        RequestContext context =
                new RequestContext("id-1", "torchserve", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        for (String version : List.of("1.0", "2.0")) {
            facts.requestAdmitted(ModelRef.of("digits", version), context);
            facts.instanceReady(new ModelId("digits", version), "W-12-digits_" + version, 1);
        }
        facts.requestAdmitted(ModelRef.of("digits"), context);

        metrics.keep(Set.of(new ModelId("digits", "2.0")));

        assertThat(page(metrics, false))
                .contains("model_version=\"2.0\"", "model_version=\"default\"", "W-12-digits_2.0")
                .doesNotContain("1.0\"");
    }

    /** Seen to fail when the server told its own times beside those of the worker. */
    @Test
    void leavesTheTimesOfAHandlerToItsWorker() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS);
        OriginalFacts facts = new OriginalFacts(metrics, model -> model.name().equals("python"));

        RequestContext context =
                new RequestContext("id-1", "torchserve", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        List<InferenceRequest> requests =
                List.of(new InferenceRequest(ModelRef.of("any"), List.of(), List.of(), Map.of(), context));
        facts.batchAnswered(new Batch(new ModelId("python", "1.0"), requests), 1_000_000, 0);
        facts.batchAnswered(new Batch(new ModelId("native", "1.0"), requests), 1_000_000, 0);

        assertThat(page(metrics, false))
                .contains("PredictionTime{ModelName=\"native\"")
                .doesNotContain("ModelName=\"python\"");
    }

    private static void line(OriginalMetrics metrics, String text) {
        metrics.modelLine(MetricLine.parse(text).orElseThrow());
    }
}
