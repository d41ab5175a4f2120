// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Cancellation;
import dev.sluice.server.protocol.Endpoint;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.RestRequest;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsProtocolTest {
    private final List<Runnable> submitted = new ArrayList<>();
    private final List<RestResponse> responses = new ArrayList<>();

    @Test
    void answersOnItsExecutorAndNotOnTheCallersThread() {
        DataBuffer body = call(openMetrics -> "a 1.0\n", Map.of());

        assertThat(responses).isEmpty();
        assertThat(body.references()).isZero();
        submitted.get(0).run();
        assertThat(responses).singleElement().satisfies(response -> {
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.headers())
                    .contains(Map.entry("content-type", "text/plain; version=0.0.4; charset=utf-8"));
            assertThat(text(response)).isEqualTo("a 1.0\n");
        });
    }

    @Test
    void keepsOnlyTheNamesAskedFor() {
        DataBuffer unused = call(openMetrics -> "a 1.0\nb 2.0\nc 3.0\n", Map.of("name[]", List.of("a", "c")));
        submitted.get(0).run();

        assertThat(text(responses.get(0))).isEqualTo("a 1.0\nc 3.0\n");
    }

    @Test
    void answersWhenThePageCannotBeMade() {
        DataBuffer unused = call(
                openMetrics -> {
                    throw new IllegalStateException("secret detail");
                },
                Map.of());
        submitted.get(0).run();

        assertThat(responses.get(0).status()).isEqualTo(500);
        assertThat(text(responses.get(0))).doesNotContain("secret");
    }

    private DataBuffer call(MetricsProtocol.Page page, Map<String, List<String>> query) {
        Endpoint endpoint =
                new MetricsProtocol(page, submitted::add).endpoints().get(0);
        assertThat(endpoint.plane()).isEqualTo(Plane.METRICS);
        DataBuffer body = DataBuffer.wrap(new byte[0]);
        endpoint.handler()
                .handle(
                        new RestRequest(
                                "id",
                                "GET",
                                "/metrics",
                                Map.of("rest", ""),
                                query,
                                List.of(),
                                body,
                                0,
                                new Cancellation()),
                        new Recorder());
        return body;
    }

    private static String text(RestResponse response) {
        return new String(response.body().toByteArray(), StandardCharsets.UTF_8);
    }

    private final class Recorder implements RestResponder {
        @Override
        public void respond(RestResponse response) {
            responses.add(response);
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
