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
import java.util.Optional;

/**
 * Writes the answer of one prediction: the bytes a handler made, whole, or part by part as chunks.
 *
 * <p><b>Threads:</b> as its contract says; calls come from one thread at a time.
 */
final class PredictionSink implements ResponseSink {
    private static final TorchServeErrors ERRORS = new TorchServeErrors();

    private final String requestId;
    private final ModelRef model;
    private final ModelAdmin admin;
    private final RestResponder responder;

    /** Written by whichever thread delivers, one at a time and each after the other: whether the head has been sent. */
    private volatile boolean streaming;

    /** Written like {@link #streaming}: whether the stream was broken off, and the rest of it is not wanted. */
    private volatile boolean broken;

    PredictionSink(String requestId, ModelRef model, ModelAdmin admin, RestResponder responder) {
        this.requestId = requestId;
        this.model = model;
        this.admin = admin;
        this.responder = responder;
    }

    @Override
    public void part(InferenceResponse part) {
        Optional<RestResponse> chunk = asResponse(part);
        if (broken || chunk.isEmpty()) {
            chunk.ifPresent(unwanted -> unwanted.body().release());
            refuseOutputs();
        } else if (streaming) {
            responder.chunk(chunk.get().body());
        } else {
            streaming = true;
            responder.startStream(chunk.get());
        }
    }

    @Override
    public void complete(InferenceResponse response) {
        Optional<RestResponse> answer = asResponse(response);
        if (broken || answer.isEmpty()) {
            answer.ifPresent(unwanted -> unwanted.body().release());
            refuseOutputs();
        } else if (streaming) {
            responder.chunk(answer.get().body());
            responder.endStream();
        } else {
            responder.respond(answer.get());
        }
    }

    /** What the original says to a handler that returns what it cannot put in a body; said once. */
    private void refuseOutputs() {
        if (!broken) {
            broken = true;
            fail(new ServingException(ErrorCode.ENGINE_FAILED, "Unsupported model output data type."));
        }
    }

    @Override
    public void fail(ServingException failure) {
        if (streaming) {
            responder.abortStream();
        } else {
            responder.respond(ERRORS.map(requestId, UnavailableModel.worded(failure, model, admin)));
        }
    }

    /** The answer, if it can be one: nothing, or one run of bytes. Else empty, with everything released. */
    private Optional<RestResponse> asResponse(InferenceResponse response) {
        if (response.outputs().isEmpty()) {
            return Optional.of(Replies.content(requestId, "", DataBuffer.wrap(new byte[0])));
        }
        if (response.outputs().size() == 1 && response.outputs().get(0) instanceof Output.OfContent content) {
            return Optional.of(Replies.content(requestId, content.contentType(), content.content()));
        }
        response.release();
        return Optional.empty();
    }
}
