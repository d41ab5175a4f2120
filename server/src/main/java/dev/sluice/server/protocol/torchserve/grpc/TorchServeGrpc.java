// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.Empty;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.api.torchserve.inference.TorchServeHealthResponse;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.GrpcProtocol;
import dev.sluice.server.protocol.GrpcService;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.server.protocol.torchserve.rest.SchedulingHeaders;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.tensor.BufferAllocator;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;

/**
 * The gRPC interface of TorchServe 0.12: {@code InferenceAPIsService} and {@code ManagementAPIsService}.
 *
 * <p><b>Source:</b> torchserve.md section 4.
 */
public final class TorchServeGrpc implements GrpcProtocol {
    private final Predictor predictor;
    private final RestBridge.Call ping;
    private final PredictionMarshaller requests;
    private final Ticker ticker;
    private final int maxAnswerBytes;
    private final OpenStreams streams = new OpenStreams();
    private final List<GrpcService> services;

    /**
     * Services for all models.
     *
     * @param inference opens the envelopes there are
     * @param rest the REST interface, which management and health are handed to
     * @param requestMemory where requests are copied to
     * @param maxAnswerBytes of an answer, or of each part of a streamed one that is not asked for in one message
     */
    public TorchServeGrpc(
            Inference inference,
            ModelAdmin admin,
            Protocol rest,
            SchedulingHeaders scheduling,
            BufferAllocator requestMemory,
            int maxAnswerBytes,
            Ticker ticker) {
        this.predictor = new Predictor(inference, admin, scheduling, maxAnswerBytes);
        this.requests = new PredictionMarshaller(requestMemory);
        this.maxAnswerBytes = maxAnswerBytes;
        this.ticker = ticker;
        RestBridge bridge = new RestBridge(rest, ticker);
        this.ping = bridge.endpoint(Plane.INFERENCE, "GET", "/ping/{rest...}");
        this.services = List.of(
                new GrpcService(Plane.INFERENCE, inference()),
                new GrpcService(Plane.MANAGEMENT, new ManagementCalls(bridge).bindService()));
    }

    @Override
    public List<GrpcService> services() {
        return services;
    }

    @Override
    public void startDraining() {
        streams.leave();
    }

    private ServerServiceDefinition inference() {
        MethodDescriptor<Empty, TorchServeHealthResponse> pingMethod = InferenceAPIsServiceGrpc.getPingMethod();
        MethodDescriptor<PredictionMessage, PredictionResponse> whole =
                read(InferenceAPIsServiceGrpc.getPredictionsMethod());
        MethodDescriptor<PredictionMessage, PredictionResponse> streamed =
                read(InferenceAPIsServiceGrpc.getStreamPredictionsMethod());
        MethodDescriptor<PredictionMessage, PredictionResponse> sequences =
                read(InferenceAPIsServiceGrpc.getStreamPredictions2Method());
        ServiceDescriptor described = InferenceAPIsServiceGrpc.getServiceDescriptor();
        ServiceDescriptor service = ServiceDescriptor.newBuilder(described.getName())
                .setSchemaDescriptor(described.getSchemaDescriptor())
                .addMethod(pingMethod)
                .addMethod(whole)
                .addMethod(streamed)
                .addMethod(sequences)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(pingMethod, ServerCalls.asyncUnaryCall(this::ping))
                .addMethod(whole, predictions())
                .addMethod(streamed, predictions())
                .addMethod(
                        sequences,
                        (call, metadata) -> new SequenceCall(
                                predictor,
                                CallScope.of(method(call.getMethodDescriptor()), metadata, ticker),
                                call,
                                streams))
                .build();
    }

    /** The same method, with requests read by us. */
    private MethodDescriptor<PredictionMessage, PredictionResponse> read(
            MethodDescriptor<PredictionsRequest, PredictionResponse> method) {
        return method.toBuilder(requests, method.getResponseMarshaller()).build();
    }

    private ServerCallHandler<PredictionMessage, PredictionResponse> predictions() {
        return (call, metadata) -> new PredictionCall(
                predictor, CallScope.of(method(call.getMethodDescriptor()), metadata, ticker), call, maxAnswerBytes);
    }

    private static String method(MethodDescriptor<?, ?> method) {
        return method.getFullMethodName();
    }

    /** Whatever the health is, the call succeeds, as in the original. */
    private void ping(Empty request, StreamObserver<TorchServeHealthResponse> observer) {
        ping.call(Map.of("rest", ""), Map.of(), reply -> {
            observer.onNext(TorchServeHealthResponse.newBuilder()
                    .setHealth(reply.text())
                    .build());
            observer.onCompleted();
        });
    }
}
