// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.api.torchserve.openinference.ModelInferRequest;
import dev.sluice.api.torchserve.openinference.ModelInferResponse;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.server.protocol.torchserve.rest.Workerless;
import dev.sluice.serving.ModelAdmin;
import io.grpc.stub.StreamObserver;

/**
 * The answer of one {@code ModelInfer}; parts of a streamed one are outputs of the same message.
 *
 * <p><b>Threads:</b> as its contract says; calls come from one thread at a time.
 */
final class TensorSink implements ResponseSink {
    private final boolean raw;
    private final ModelRef model;
    private final ModelAdmin admin;
    private final StreamObserver<ModelInferResponse> observer;
    private final ModelInferResponse.Builder answer;

    TensorSink(
            ModelInferRequest request, ModelRef model, ModelAdmin admin, StreamObserver<ModelInferResponse> observer) {
        this.raw = request.getRawInputContentsCount() > 0;
        this.model = model;
        this.admin = admin;
        this.observer = observer;
        this.answer = ModelInferResponse.newBuilder()
                .setModelName(request.getModelName())
                .setId(request.getId());
    }

    @Override
    public void part(InferenceResponse part) {
        try {
            TensorWriter.write(part.outputs(), raw, answer);
        } finally {
            part.release();
        }
    }

    @Override
    public void complete(InferenceResponse response) {
        try {
            TensorWriter.write(response.outputs(), raw, answer);
        } catch (RuntimeException e) {
            fail(ServingException.from(e));
            return;
        } finally {
            response.release();
        }
        observer.onNext(answer.setModelVersion(response.model().version()).build());
        observer.onCompleted();
    }

    @Override
    public void fail(ServingException failure) {
        observer.onError(Refusal.ofPrediction(Workerless.worded(failure, model, admin))
                .status()
                .asRuntimeException());
    }
}
