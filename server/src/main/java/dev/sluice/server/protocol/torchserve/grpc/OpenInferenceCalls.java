// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.api.torchserve.openinference.GRPCInferenceServiceGrpc;
import dev.sluice.api.torchserve.openinference.InferParameter;
import dev.sluice.api.torchserve.openinference.ModelInferRequest;
import dev.sluice.api.torchserve.openinference.ModelInferResponse;
import dev.sluice.api.torchserve.openinference.ModelMetadataRequest;
import dev.sluice.api.torchserve.openinference.ModelMetadataResponse;
import dev.sluice.api.torchserve.openinference.ModelReadyRequest;
import dev.sluice.api.torchserve.openinference.ModelReadyResponse;
import dev.sluice.api.torchserve.openinference.ServerLiveRequest;
import dev.sluice.api.torchserve.openinference.ServerLiveResponse;
import dev.sluice.api.torchserve.openinference.ServerMetadataRequest;
import dev.sluice.api.torchserve.openinference.ServerMetadataResponse;
import dev.sluice.api.torchserve.openinference.ServerReadyRequest;
import dev.sluice.api.torchserve.openinference.ServerReadyResponse;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.protocol.RequestIds;
import dev.sluice.serving.ModelStatus;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * {@code GRPCInferenceService}: tensors in, tensors out. The original makes JSON of the tensors for its handlers; handlers here are
 * given tensors.
 *
 * <p><b>Source:</b> torchserve.md section 4.4.
 */
final class OpenInferenceCalls extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
    /** The name TorchServe has for itself; clients of its protocol know no other. */
    private static final String SERVER = "Torchserve";

    private final Predictor predictor;
    private final TensorReader tensors;
    private final BooleanSupplier ready;
    private final String version;

    OpenInferenceCalls(Predictor predictor, TensorReader tensors, BooleanSupplier ready, String version) {
        this.predictor = predictor;
        this.tensors = tensors;
        this.ready = ready;
        this.version = version;
    }

    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
        answer(observer, () -> ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
        answer(
                observer,
                () -> ServerReadyResponse.newBuilder()
                        .setReady(ready.getAsBoolean())
                        .build());
    }

    @Override
    public void serverMetadata(ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
        answer(
                observer,
                () -> ServerMetadataResponse.newBuilder()
                        .setName(SERVER)
                        .setVersion(version)
                        .addAllExtensions(List.of("kserve", "kubeflow"))
                        .build());
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
        answer(observer, () -> {
            ModelStatus model = predictor.admin().describe(ref(request.getName(), request.getVersion()));
            long instances =
                    model.instances().stream().filter(InstanceStatus::ready).count();
            return ModelReadyResponse.newBuilder()
                    .setReady(instances >= model.spec().instances().min())
                    .build();
        });
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
        answer(observer, () -> {
            // Throws for a version that is not there.
            ModelStatus unused = predictor.admin().describe(ref(request.getName(), request.getVersion()));
            return ModelMetadataResponse.newBuilder()
                    .setName(request.getName())
                    .addAllVersions(predictor.admin().describeAll(request.getName()).stream()
                            .map(model -> model.spec().id().version())
                            .toList())
                    .build();
        });
    }

    /** Unknown models are not found here, and internal errors in {@link #modelInfer}, as in the original. */
    private static <T> void answer(StreamObserver<T> observer, Supplier<T> answer) {
        T value;
        try {
            value = answer.get();
        } catch (RuntimeException e) {
            ServingException failure = ServingException.from(e);
            Refusal refusal = Refusal.ofPrediction(failure);
            Status status = switch (failure.code()) {
                case MODEL_NOT_FOUND, VERSION_NOT_FOUND, LABEL_NOT_FOUND ->
                    new Refusal(Status.Code.NOT_FOUND, refusal.message(), refusal.reason()).status();
                default -> refusal.status();
            };
            observer.onError(status.asRuntimeException());
            return;
        }
        observer.onNext(value);
        observer.onCompleted();
    }

    private static ModelRef ref(String name, String version) {
        return version.isEmpty() ? ModelRef.of(name) : ModelRef.of(name, version);
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
        if (request.getModelName().isEmpty()) {
            observer.onError(Refusal.NO_MODEL_NAME.status().asRuntimeException());
            return;
        }
        ServerCallStreamObserver<ModelInferResponse> call = (ServerCallStreamObserver<ModelInferResponse>) observer;
        Cancellation cancellation = new Cancellation();
        call.setOnCancelHandler(cancellation::cancel);
        ModelRef model = ref(request.getModelName(), request.getModelVersion());
        List<Input> inputs;
        RequestContext context;
        try {
            context = predictor.context(RequestIds.next(), List.of(), CallScope.current(), cancellation);
            inputs = tensors.read(request);
        } catch (RuntimeException e) {
            observer.onError(
                    Refusal.ofPrediction(ServingException.from(e)).status().asRuntimeException());
            return;
        }
        List<String> wanted = request.getOutputsList().stream()
                .map(ModelInferRequest.InferRequestedOutputTensor::getName)
                .toList();
        predictor
                .inference()
                .infer(
                        new InferenceRequest(model, inputs, wanted, parameters(request.getParametersMap()), context),
                        new TensorSink(request, model, predictor.admin(), call));
    }

    private static Map<String, String> parameters(Map<String, InferParameter> given) {
        Map<String, String> parameters = new TreeMap<>();
        given.forEach((name, value) -> parameters.put(
                name,
                switch (value.getParameterChoiceCase()) {
                    case BOOL_PARAM -> Boolean.toString(value.getBoolParam());
                    case INT64_PARAM -> Long.toString(value.getInt64Param());
                    case STRING_PARAM -> value.getStringParam();
                    case PARAMETERCHOICE_NOT_SET -> "";
                }));
        return parameters;
    }
}
