// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import dev.sluice.api.openinference.GRPCInferenceServiceGrpc;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.GrpcProtocol;
import dev.sluice.server.protocol.GrpcService;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.envelope.Inference;
import dev.sluice.server.protocol.torchserve.rest.SchedulingHeaders;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.tensor.BufferAllocator;
import io.grpc.MethodDescriptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The Open Inference Protocol under both names it has: the original's, and the one that every other client looks for. The messages
 * are the same on the wire, so one service answers to both.
 *
 * <p><b>Source:</b> torchserve.md section 4.4.
 */
public final class OpenInferenceGrpc implements GrpcProtocol {
    private final List<GrpcService> services;

    /**
     * Services for all models.
     *
     * @param inference for tensors, which never are in an envelope
     * @param requestMemory where tensors are copied to
     * @param ready whether the server takes requests
     * @param version of the server
     */
    public OpenInferenceGrpc(
            Inference inference,
            ModelAdmin admin,
            SchedulingHeaders scheduling,
            BufferAllocator requestMemory,
            BooleanSupplier ready,
            String version,
            Ticker ticker) {
        ServerServiceDefinition originals = ServerInterceptors.intercept(
                new OpenInferenceCalls(
                        new Predictor(inference, admin, scheduling, Integer.MAX_VALUE), new TensorReader(requestMemory), ready, version),
                CallScope.interceptor(ticker));
        this.services = List.of(
                new GrpcService(Plane.INFERENCE, originals),
                new GrpcService(Plane.INFERENCE, renamed(originals, GRPCInferenceServiceGrpc.getServiceDescriptor())));
    }

    @Override
    public List<GrpcService> services() {
        return services;
    }

    /** {@code service} under the name of {@code other}, which describes the same methods. */
    private static ServerServiceDefinition renamed(ServerServiceDefinition service, ServiceDescriptor other) {
        Map<String, MethodDescriptor<?, ?>> others =
                other.getMethods().stream().collect(Collectors.toMap(OpenInferenceGrpc::bareName, Function.identity()));
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        ServiceDescriptor.Builder described =
                ServiceDescriptor.newBuilder(other.getName()).setSchemaDescriptor(other.getSchemaDescriptor());
        for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
            MethodDescriptor<?, ?> twin = others.get(bareName(method.getMethodDescriptor()));
            if (twin == null) {
                throw new IllegalArgumentException(
                        method.getMethodDescriptor() + " (expected: a method of " + other.getName() + ")");
            }
            ServerMethodDefinition<?, ?> renamed = renamed(method, twin);
            described.addMethod(renamed.getMethodDescriptor());
            methods.add(renamed);
        }
        ServerServiceDefinition.Builder all = ServerServiceDefinition.builder(described.build());
        methods.forEach(all::addMethod);
        return all.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> renamed(
            ServerMethodDefinition<Q, R> method, MethodDescriptor<?, ?> twin) {
        MethodDescriptor<Q, R> descriptor = method.getMethodDescriptor().toBuilder()
                .setFullMethodName(twin.getFullMethodName())
                .setSchemaDescriptor(twin.getSchemaDescriptor())
                .build();
        return ServerMethodDefinition.create(descriptor, method.getServerCallHandler());
    }

    private static String bareName(MethodDescriptor<?, ?> method) {
        return String.valueOf(method.getBareMethodName());
    }
}
