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
import org.jspecify.annotations.Nullable;

/**
 * The answer of one {@code ModelInfer}; parts of a streamed one are outputs of the same message.
 *
 * <p><b>Threads:</b> as its contract says; calls come from one thread at a time.
 */
final class TensorSink implements ResponseSink {
    /** From here on a handler's status says that it has no answer, and a call has no status beside one. */
    private static final int FIRST_FAILURE = 400;

    private final boolean raw;
    private final ModelRef model;
    private final ModelAdmin admin;
    private final StreamObserver<ModelInferResponse> observer;
    private final ModelInferResponse.Builder answer;

    /** Written by whichever thread delivers, one at a time and each after the other: why there can be no answer. */
    private volatile @Nullable ServingException broken;

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
        write(part);
    }

    /** Takes {@code response}. What cannot be written is told at the end: nobody else would. */
    private void write(InferenceResponse response) {
        try {
            if (broken == null) {
                TensorWriter.write(response.outputs(), raw, answer);
            }
        } catch (RuntimeException | Error e) {
            broken = ServingException.from(e);
        } finally {
            response.release();
        }
    }

    @Override
    public void complete(InferenceResponse response) {
        int status = response.details().status().orElse(0);
        if (status >= FIRST_FAILURE && broken == null) {
            broken = ServingException.byHandler(status, response.details().reason());
        }
        write(response);
        ServingException failure = broken;
        if (failure != null) {
            fail(failure);
            return;
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
