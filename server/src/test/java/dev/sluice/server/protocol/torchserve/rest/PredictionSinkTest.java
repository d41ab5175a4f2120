// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelResolver;
import dev.sluice.serving.RegisterModel;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PredictionSinkTest {
    private final List<DataBuffer> made = new ArrayList<>();
    private final Recorder recorder = new Recorder();
    private final PredictionSink sink = new PredictionSink("id", ModelRef.of("m"), emptyAdmin(), recorder, 8);

    private static ModelAdmin emptyAdmin() {
        ModelRegistry registry = new ModelRegistry();
        ModelLoader noLoader = new ModelLoader() {
            @Override
            public void check(ModelSpec spec) {}

            @Override
            public LoadedModel load(ModelSpec spec) {
                throw new UnsupportedOperationException();
            }
        };
        ModelResolver noResolver = new ModelResolver() {
            @Override
            public ModelSpec resolve(RegisterModel command) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void discard(ModelSpec spec) {}
        };
        ModelLifecycle lifecycle = new ModelLifecycle(
                registry,
                noLoader,
                (model, size, queueNanos, computeNanos) -> {},
                Ticker.system(),
                InstantSource.system(),
                Runnable::run,
                Duration.ZERO);
        return new ModelAdmin(registry, lifecycle, noResolver, Runnable::run);
    }

    private InferenceResponse content(String... texts) {
        List<Output> outputs = new ArrayList<>();
        for (String text : texts) {
            DataBuffer bytes = DataBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            made.add(bytes);
            outputs.add(new Output.OfContent("text/plain", bytes));
        }
        return new InferenceResponse(new ModelId("m", "1"), outputs);
    }

    private void assertAllReleased() {
        assertThat(made).allMatch(bytes -> bytes.references() == 0);
    }

    @Test
    void streamsPartsAsChunks() {
        sink.part(content("a"));
        sink.part(content("b"));
        sink.complete(content("c"));

        assertThat(recorder.calls).containsExactly("start 200 a", "chunk b", "chunk c", "end");
        assertAllReleased();
    }

    @Test
    void answersWholeWithoutParts() {
        sink.complete(content("a"));

        assertThat(recorder.calls).containsExactly("respond 200 a");
        assertAllReleased();
    }

    @Test
    void breaksStreamOffOnFailure() {
        sink.part(content("a"));
        sink.fail(new ServingException(ErrorCode.ENGINE_FAILED, "x"));

        assertThat(recorder.calls).containsExactly("start 200 a", "abort");
        assertAllReleased();
    }

    @Test
    void refusesSeveralOutputsOnceAndReleasesThem() {
        sink.part(content("a", "b"));
        sink.part(content("c"));
        sink.complete(content("d", "e"));

        assertThat(recorder.calls).hasSize(1);
        assertThat(recorder.calls.get(0)).startsWith("respond 503").contains("Unsupported model output data type.");
        assertAllReleased();
    }

    /** Planted: the size not looked at. */
    @Test
    void breaksAStreamOffWhosePartIsTooLarge() {
        sink.part(content("a"));
        sink.part(content("much too long"));
        sink.complete(content("b"));

        assertThat(recorder.calls).containsExactly("start 200 a", "abort");
        assertAllReleased();
    }

    @Test
    void endsOnceWhenAnAnswerIsTooLarge() {
        sink.complete(content("much too long"));
        sink.fail(new ServingException(ErrorCode.ENGINE_FAILED, "x"));

        assertThat(recorder.calls).hasSize(1);
        assertThat(recorder.calls.get(0)).startsWith("respond 500").contains("Worker died.");
        assertAllReleased();
    }

    @Test
    void answersWithEmptyBodyWhenThereIsNoOutput() {
        sink.complete(content());

        assertThat(recorder.calls).containsExactly("respond 200 ");
    }

    private static final class Recorder implements RestResponder {
        private final List<String> calls = new ArrayList<>();

        private static String taken(DataBuffer body) {
            String text = new String(body.toByteArray(), StandardCharsets.UTF_8);
            body.release();
            return text;
        }

        @Override
        public void respond(RestResponse response) {
            calls.add("respond " + response.status() + " " + taken(response.body()));
        }

        @Override
        public void startStream(RestResponse head) {
            calls.add("start " + head.status() + " " + taken(head.body()));
        }

        @Override
        public void chunk(DataBuffer data) {
            calls.add("chunk " + taken(data));
        }

        @Override
        public void endStream() {
            calls.add("end");
        }

        @Override
        public void abortStream() {
            calls.add("abort");
        }
    }
}
