// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LetterRunTest {
    private final List<DataBuffer> made = new ArrayList<>();
    private final BufferAllocator allocator =
            bytes -> track(DataBuffer.of(ByteBuffer.allocateDirect(BufferAllocator.checkedSize(bytes)), () -> {}));
    private final Deque<Runnable> queue = new ArrayDeque<>();
    private final List<String> told = new ArrayList<>();

    private DataBuffer track(DataBuffer buffer) {
        made.add(buffer);
        return buffer;
    }

    @AfterEach
    void assertNothingIsHeld() {
        assertThat(made).allMatch(buffer -> buffer.references() == 0);
    }

    /** A model that echoes, with room for {@code capacity} requests. */
    private Inference echo(int capacity) {
        return (request, sink) -> {
            if (queue.size() == capacity) {
                request.release();
                sink.fail(ServingException.refusal(ErrorCode.OVERLOADED, "The queue is full"));
                return;
            }
            queue.add(() -> {
                byte[] bytes =
                        ((Input.OfContent) request.inputs().get(0)).content().toByteArray();
                request.release();
                sink.complete(new InferenceResponse(
                        new ModelId("m", "1.0"), List.of(Output.OfContent.copy("", bytes, allocator))));
            });
        };
    }

    private void ask(Inference model, String body) {
        DataBuffer bytes = track(DataBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
        InferenceRequest request = new InferenceRequest(
                ModelRef.of("m"),
                List.of(new Input.OfContent("body", "application/json", bytes)),
                List.of(),
                Map.of(),
                new RequestContext("1", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation()));
        EnvelopeInference.of(Optional.of("json"), model, allocator, Runnable::run)
                .infer(request, new ResponseSink() {
                    @Override
                    public void part(InferenceResponse part) {
                        part.release();
                    }

                    @Override
                    public void complete(InferenceResponse response) {
                        DataBuffer content =
                                ((Output.OfContent) response.outputs().get(0)).content();
                        told.add(new String(content.toByteArray(), StandardCharsets.UTF_8));
                        content.release();
                    }

                    @Override
                    public void fail(ServingException failure) {
                        told.add(failure.code().name());
                    }
                });
    }

    private void answerAll() {
        while (!queue.isEmpty()) {
            queue.remove().run();
        }
    }

    /** Seen to fail when the first that found no room failed all. */
    @Test
    void asksAgainForWhatFoundNoRoomBesideTheOthers() {
        ask(echo(2), "{\"instances\": [1, 2, 3, 4, 5]}");
        assertThat(queue).hasSize(2);

        answerAll();

        assertThat(told).containsExactly("{\"predictions\": [1, 2, 3, 4, 5]}");
    }

    @Test
    void failsWhenThereIsNoRoomAtAll() {
        ask(echo(0), "{\"instances\": [1, 2]}");

        assertThat(told).containsExactly("OVERLOADED");
    }

    /** Seen to fail when those that had been turned away kept their inputs. */
    @Test
    void givesUpThoseTurnedAwayWhenAnotherFails() {
        Deque<Runnable> failing = new ArrayDeque<>();
        ask(
                (request, sink) -> {
                    request.release();
                    if (failing.isEmpty()) {
                        failing.add(() -> sink.fail(ServingException.refusal(ErrorCode.ENGINE_FAILED, "broken")));
                    } else {
                        sink.fail(ServingException.refusal(ErrorCode.OVERLOADED, "The queue is full"));
                    }
                },
                "{\"instances\": [1, 2, 3]}");
        assertThat(told).isEmpty();

        failing.remove().run();

        assertThat(told).containsExactly("ENGINE_FAILED");
    }
}
