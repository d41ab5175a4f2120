// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.engine.HandlerMetric;
import dev.sluice.engine.HandlerMetrics;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.server.config.MetricsConfig.Mode;
import dev.sluice.server.yaml.SafeYaml;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HandlerValuesTest {
    private static final ModelId MODEL = new ModelId("digits", "1.0");
    private static final String DECLARED = """
            model_metrics:
              counter:
                - {name: Words, unit: count, dimensions: [ModelName, Level]}
                - {name: Wor_ds, unit: count, dimensions: [ModelName, Level]}
              gauge:
                - {name: Share, unit: percent, dimensions: [kind, ModelName, Level]}
            """;

    private final Logger modelLines = (Logger) LoggerFactory.getLogger("MODEL_METRICS");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        modelLines.addAppender(lines);
    }

    @AfterEach
    void stop() {
        modelLines.detachAppender(lines);
    }

    private static OriginalMetrics metrics(Mode mode, boolean detects) {
        return new OriginalMetrics(
                mode,
                MetricDefinitions.of(SafeYaml.parse(DECLARED)),
                detects,
                "h1",
                InstantSource.fixed(Instant.ofEpochSecond(1717105307)));
    }

    private static HandlerMetrics of(OriginalMetrics metrics) {
        return new HandlerValues(metrics, "").of(MODEL);
    }

    private static String page(OriginalMetrics metrics) {
        StringBuilder page = new StringBuilder();
        metrics.print(page, false);
        return page.toString();
    }

    private static InferenceRequest request(String id) {
        RequestContext context =
                new RequestContext(id, "torchserve", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        return new InferenceRequest(ModelRef.of("digits"), List.of(), List.of(), Map.of(), context);
    }

    @Test
    void showsWhatIsDeclaredWithTheModelTheLevelAndTheHost() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS, false);
        of(metrics).add(HandlerMetric.counter("Words", 3));
        of(metrics).add(HandlerMetric.counter("Words", 4).of(request("id-1")));
        of(metrics).add(HandlerMetric.gauge("Share", "percent", 12.5).with("kind", "cat"));
        of(metrics).add(HandlerMetric.counter("Undeclared", 1));

        assertThat(page(metrics))
                .contains("# TYPE Words counter\nWords{ModelName=\"digits\",Level=\"Model\",Hostname=\"h1\",} 7.0\n")
                .contains("Share{kind=\"cat\",ModelName=\"digits\",Level=\"Model\",Hostname=\"h1\",} 12.5\n")
                .doesNotContain("Undeclared");
    }

    @Test
    void writesTheOriginalsLines() {
        OriginalMetrics metrics = metrics(Mode.LOG, false);
        of(metrics).add(HandlerMetric.counter("Words", 3).of(request("id-1")));
        of(metrics).add(HandlerMetric.gauge("Share", "percent", 12.5).with("kind", "cat"));

        assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
                .containsExactly(
                        "Words.count:3.0|#ModelName:digits,Level:Model|#hostname:h1,requestID:id-1,timestamp:1717105307",
                        "Share.percent:12.5|#kind:cat,ModelName:digits,Level:Model|#hostname:h1,timestamp:1717105307");
        assertThat(page(metrics)).isEmpty();
    }

    @Test
    void detectsWhatIsNotDeclaredWhenAsked() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS, true);
        of(metrics).add(HandlerMetric.histogram("size of it", "B", 0.3).with("kind", "cat"));

        assertThat(page(metrics))
                .contains("# TYPE size_of_it histogram\n")
                .contains("size_of_it_count{kind=\"cat\",ModelName=\"digits\",Level=\"Model\",Hostname=\"h1\",} 1.0\n");
    }

    /** Seen to fail when names were compared as they are: the page had two metrics of one name. */
    @Test
    void detectsNothingThatHasTheNameOfAnother() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS, true);
        of(metrics).add(HandlerMetric.counter("Wor.ds", 1));
        of(metrics).add(HandlerMetric.counter("sluice_requests_total", 1));
        of(metrics).add(HandlerMetric.counter("my.own", 1));
        of(metrics).add(HandlerMetric.counter("my_own", 1));

        assertThat(page(metrics).lines().filter(line -> line.startsWith("# TYPE")))
                .containsExactly(
                        "# TYPE Words counter", "# TYPE Wor_ds counter", "# TYPE Share gauge", "# TYPE my_own counter");
    }

    /** Seen to fail when the handler's word was taken for the name of its model. */
    @Test
    void forgetsThemWithTheirModelWhateverTheHandlerCallsIt() {
        OriginalMetrics metrics = metrics(Mode.PROMETHEUS, true);
        of(metrics).add(HandlerMetric.counter("Words", 3).with("ModelName", "other"));
        assertThat(page(metrics)).contains("ModelName=\"digits\"").doesNotContain("other");

        metrics.keep(Set.of());

        assertThat(page(metrics)).doesNotContain("digits");
    }
}
