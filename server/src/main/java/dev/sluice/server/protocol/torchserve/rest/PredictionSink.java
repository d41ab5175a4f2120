// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.tensor.DataBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the answer of one prediction: the bytes a handler made, whole, or part by part as chunks.
 *
 * <p><b>Threads:</b> as its contract says; calls come from one thread at a time.
 */
final class PredictionSink implements ResponseSink {
    private static final Logger LOG = LoggerFactory.getLogger(PredictionSink.class);
    private static final TorchServeErrors ERRORS = new TorchServeErrors();

    /** What the original's streams are known by; it was meant for the server, but clients see it. */
    private static final List<Map.Entry<String, String>> STREAM = List.of(Map.entry("ts_stream_next", "true"));

    private final String requestId;
    private final ModelRef model;
    private final ModelAdmin admin;
    private final RestResponder responder;
    private final int maxBytes;

    /** Written by whichever thread delivers, one at a time and each after the other: whether the head has been sent. */
    private volatile boolean streaming;

    /** Written like {@link #streaming}: whether the stream was broken off, and the rest of it is not wanted. */
    private volatile boolean broken;

    /** @param maxBytes most that one answer, or one part of it, may have */
    PredictionSink(String requestId, ModelRef model, ModelAdmin admin, RestResponder responder, int maxBytes) {
        this.requestId = requestId;
        this.model = model;
        this.admin = admin;
        this.responder = responder;
        this.maxBytes = maxBytes;
    }

    @Override
    public void part(InferenceResponse part) {
        Optional<RestResponse> chunk = asResponse(part, streaming ? List.of() : STREAM);
        if (broken || chunk.isEmpty() || isTooLarge(chunk.get())) {
            chunk.ifPresent(unwanted -> unwanted.body().release());
            refuse(chunk.isPresent());
        } else if (streaming) {
            responder.chunk(chunk.get().body());
        } else {
            streaming = true;
            responder.startStream(chunk.get());
        }
    }

    @Override
    public void complete(InferenceResponse response) {
        Optional<RestResponse> answer = asResponse(response, List.of());
        if (broken || answer.isEmpty() || isTooLarge(answer.get())) {
            answer.ifPresent(unwanted -> unwanted.body().release());
            refuse(answer.isPresent());
        } else if (streaming) {
            responder.chunk(answer.get().body());
            responder.endStream();
        } else {
            responder.respond(answer.get());
        }
    }

    private boolean isTooLarge(RestResponse response) {
        return response.body().size() > maxBytes;
    }

    /**
     * What the original says of a handler that returns what it cannot put in a body, or so much that its worker is ended; said once.
     */
    private void refuse(boolean tooLarge) {
        if (broken) {
            return;
        }
        broken = true;
        if (tooLarge) {
            LOG.warn("An answer of {} is larger than max_response_size, {} bytes", model.name(), maxBytes);
        }
        end(
                tooLarge
                        ? new ServingException(ErrorCode.INTERNAL, "Worker died.")
                        : new ServingException(ErrorCode.ENGINE_FAILED, "Unsupported model output data type."));
    }

    @Override
    public void fail(ServingException failure) {
        if (!broken) {
            end(failure);
        }
    }

    private void end(ServingException failure) {
        if (streaming) {
            responder.abortStream();
        } else {
            responder.respond(ERRORS.map(requestId, Workerless.worded(failure, model, admin)));
        }
    }

    /** The answer, if it can be one: nothing, or one run of bytes. Else empty, with everything released. */
    private Optional<RestResponse> asResponse(InferenceResponse response, List<Map.Entry<String, String>> headers) {
        if (response.outputs().isEmpty()) {
            return Optional.of(
                    Replies.content(requestId, "", response.details(), headers, DataBuffer.wrap(new byte[0])));
        }
        if (response.outputs().size() == 1 && response.outputs().get(0) instanceof Output.OfContent content) {
            return Optional.of(
                    Replies.content(requestId, content.contentType(), response.details(), headers, content.content()));
        }
        response.release();
        return Optional.empty();
    }
}
