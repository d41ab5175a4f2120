// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Opens the envelope of each request, asks for what is in it, and answers with an envelope.
 *
 * <p><b>Threads:</b> safe from any thread, and does not block: what is large is opened by an executor. Answers are wrapped by the
 * thread that brings the last one.
 */
public final class EnvelopeInference implements Inference {
    /** What an event loop can read while nobody notices. */
    private static final long SMALL_BYTES = 8192;

    private final Envelope envelope;
    private final Inference next;
    private final Executor executor;

    private EnvelopeInference(Envelope envelope, Inference next, Executor executor) {
        this.envelope = envelope;
        this.next = next;
        this.executor = executor;
    }

    /**
     * {@code next} behind the envelope of that name, or itself if there is none.
     *
     * @param name {@code body}, {@code json}, {@code kserve} or {@code kservev2}
     * @param executor opens what is large
     * @throws IllegalArgumentException if it is another
     */
    public static Inference of(Optional<String> name, Inference next, BufferAllocator allocator, Executor executor) {
        return name.<Inference>map(given -> new EnvelopeInference(named(given, allocator), next, executor))
                .orElse(next);
    }

    private static Envelope named(String name, BufferAllocator allocator) {
        return switch (name) {
            case "body" -> new BodyEnvelope();
            case "json" -> new InstancesEnvelope("predictions", allocator);
            case "kserve" -> new InstancesEnvelope("explanations", allocator);
            case "kservev2" -> new TensorsEnvelope(allocator);
            default ->
                throw new IllegalArgumentException("envelope: " + name + " (expected: body, json, kserve or kservev2)");
        };
    }

    @Override
    public void infer(InferenceRequest request, ResponseSink sink) {
        if (envelope.isQuick() || bytes(request) <= SMALL_BYTES) {
            open(request, sink);
            return;
        }
        try {
            executor.execute(() -> open(request, sink));
        } catch (RejectedExecutionException e) {
            request.release();
            sink.fail(new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping", e));
        }
    }

    private static long bytes(InferenceRequest request) {
        long bytes = 0;
        for (Input input : request.inputs()) {
            bytes +=
                    input instanceof Input.OfContent content ? content.content().size() : 0;
        }
        return bytes;
    }

    private void open(InferenceRequest request, ResponseSink sink) {
        Letter letter;
        try {
            letter = envelope.open(request);
        } catch (RuntimeException | Error e) {
            sink.fail(ServingException.from(e));
            return;
        }
        new LetterRun(next, letter, request, sink).start();
    }
}
