// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Cancellation;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.scheduling.QueueStatus;
import dev.sluice.server.config.ReadinessConfig;
import dev.sluice.server.health.HealthReport.Phase;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.serving.ModelStatus;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private static final ReadinessConfig ALL = new ReadinessConfig(true, List.of(), false);
    private static final ReadinessConfig NONE = new ReadinessConfig(false, List.of(), false);

    private final List<ModelStatus> models = new ArrayList<>();

    private Readiness serving(ReadinessConfig config, String... failed) {
        Readiness readiness = new Readiness(() -> models, config);
        readiness.startupFinished(List.of(failed));
        return readiness;
    }

    private static ModelStatus model(String name, ModelState.Kind state, boolean atStartup, int wanted, int ready) {
        List<InstanceStatus> instances = new ArrayList<>();
        for (int i = 1; i <= wanted; i++) {
            instances.add(new InstanceStatus(i, Instant.EPOCH, i <= ready));
        }
        ModelSpec spec = new ModelSpec(
                new ModelId(name, "1.0"),
                name + ".mar",
                new ModelFiles(Path.of("."), Optional.empty()),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(wanted, Math.max(1, wanted)),
                new LimitSpec(1, Duration.ofSeconds(5), Duration.ofSeconds(5)),
                Map.of());
        return new ModelStatus(
                spec, state, Optional.empty(), true, List.of(), atStartup, new QueueStatus(0, 10), instances);
    }

    /** Seen to fail when phases were not looked at. */
    @Test
    void isNotReadyBeforeItHasStarted() {
        Readiness readiness = new Readiness(() -> models, ALL);

        assertThat(readiness.live()).isTrue();
        assertThat(readiness.started().ok()).isFalse();
        assertThat(readiness.isWhole()).isFalse();
        assertThat(readiness.ready()).isEqualTo(new HealthReport(false, Phase.STARTING, List.of()));

        readiness.startupFinished(List.of());

        assertThat(readiness.started().ok()).isTrue();
        assertThat(readiness.isWhole()).isTrue();
        assertThat(readiness.ready()).isEqualTo(new HealthReport(true, Phase.SERVING, List.of()));
    }

    @Test
    void missesStartupModelsWithoutReadyInstance() {
        models.add(model("a", ModelState.Kind.READY, true, 2, 1));
        models.add(model("b", ModelState.Kind.READY, true, 2, 0));
        models.add(model("c", ModelState.Kind.LOADING, true, 1, 0));
        models.add(model("later", ModelState.Kind.FAILED, false, 1, 0));

        assertThat(serving(ALL).ready().missing()).containsExactly("b", "c");
        assertThat(serving(NONE).ready().ok()).isTrue();
    }

    @Test
    void doesNotMissModelThatIsMeantToHaveNoInstances() {
        models.add(model("idle", ModelState.Kind.WANTED, true, 0, 0));

        assertThat(serving(ALL).ready().ok()).isTrue();
    }

    /** Seen to fail when only registered models were looked at, as the original does. */
    @Test
    void missesModelThatFailedToLoadUntilOneOfItsNameCanAnswer() {
        Readiness readiness = serving(ALL, "broken");
        assertThat(readiness.ready()).isEqualTo(new HealthReport(false, Phase.SERVING, List.of("broken")));

        models.add(model("broken", ModelState.Kind.READY, false, 1, 1));

        assertThat(readiness.ready().ok()).isTrue();
        assertThat(serving(NONE, "broken").ready().ok()).isTrue();
    }

    @Test
    void needsTheNamedModelsWhoeverRegistersThem() {
        Readiness readiness = serving(new ReadinessConfig(false, List.of("wanted"), false), "other");
        assertThat(readiness.ready().missing()).containsExactly("wanted");

        models.add(model("wanted", ModelState.Kind.READY, false, 1, 1));

        assertThat(readiness.ready().ok()).isTrue();
    }

    @Test
    void isReadyWhileItDrainsAndAccepts() {
        Readiness readiness = serving(ALL);

        readiness.draining();
        assertThat(readiness.ready()).isEqualTo(new HealthReport(true, Phase.DRAINING, List.of()));

        readiness.stopped();
        assertThat(readiness.ready()).isEqualTo(new HealthReport(false, Phase.STOPPED, List.of()));

        readiness.startupFinished(List.of());
        assertThat(readiness.phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void tellsListenersEachChangeOnce() {
        Readiness readiness = new Readiness(() -> models, ALL);
        List<Boolean> heard = new ArrayList<>();
        readiness.onChange(report -> heard.add(report.ok()));
        readiness.startupFinished(List.of());
        readiness.check();
        models.add(model("a", ModelState.Kind.READY, true, 1, 0));
        readiness.check();
        readiness.check();

        assertThat(heard).containsExactly(false, true, false);
    }

    @Test
    void answersOnEveryPlaneForEverybody() {
        HealthProtocol protocol = new HealthProtocol(serving(ALL, "broken"));

        assertThat(protocol.endpoints()).hasSize(9).allMatch(Endpoint::open);
        assertThat(protocol.endpoints().stream().map(Endpoint::plane)).contains(Plane.values());
        assertThat(answer(protocol, "/health/live"))
                .isEqualTo("200 {\"status\":\"live\",\"phase\":\"serving\",\"missing\":[]}\n");
        assertThat(answer(protocol, "/health/ready"))
                .isEqualTo("503 {\"status\":\"not ready\",\"phase\":\"serving\",\"missing\":[\"broken\"]}\n");
        assertThat(answer(protocol, "/health/startup"))
                .isEqualTo("200 {\"status\":\"started\",\"phase\":\"serving\",\"missing\":[]}\n");
    }

    private static String answer(HealthProtocol protocol, String path) {
        RestRequest request = new RestRequest(
                "id", "GET", path, Map.of(), Map.of(), List.of(), DataBuffer.wrap(new byte[0]), 0, new Cancellation());
        Answer answer = new Answer();
        protocol.endpoints().stream()
                .filter(endpoint -> endpoint.path().equals(path))
                .findFirst()
                .orElseThrow()
                .handler()
                .handle(request, answer);
        return answer.text;
    }

    private static final class Answer implements RestResponder {
        private String text = "";

        @Override
        public void respond(RestResponse response) {
            text = response.status() + " " + new String(response.body().toByteArray(), StandardCharsets.UTF_8);
        }

        @Override
        public void startStream(RestResponse head) {
            throw new AssertionError();
        }

        @Override
        public void chunk(DataBuffer data) {
            throw new AssertionError();
        }

        @Override
        public void endStream() {
            throw new AssertionError();
        }

        @Override
        public void abortStream() {
            throw new AssertionError();
        }
    }
}
