// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static dev.sluice.server.protocol.torchserve.grpc.GrpcClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.api.torchserve.management.ListModelsRequest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.FakeServer;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the transport does for every service: who may call, health, reflection, the end. */
@Timeout(60)
final class GrpcServiceTest {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private FakeServer server;
    private GrpcClient inference;
    private GrpcClient management;

    @BeforeEach
    void start() {
        server = new FakeServer(true).with("echo.mar", 1).with("held.mar", 1).with("typed.mar", 0);
        inference = new GrpcClient(server, Plane.INFERENCE);
        management = new GrpcClient(server, Plane.MANAGEMENT);
    }

    @AfterEach
    void stop() throws InterruptedException {
        inference.close();
        management.close();
        server.close();
    }

    private static Metadata authorization(String value) {
        Metadata metadata = new Metadata();
        metadata.put(AUTHORIZATION, value);
        return metadata;
    }

    @Test
    void letsInWhomAccessControlLets() {
        server.guard((plane, authorization) -> {
            if (!authorization.equals(Optional.of("Bearer " + plane))) {
                throw new ServingException(ErrorCode.UNAUTHENTICATED, "no entry");
            }
        });
        assertDenied(() -> inference.inference().predictions(request("echo", "x")));
        assertDenied(() -> management.management().listModels(ListModelsRequest.getDefaultInstance()));
        assertDenied(() -> inference
                .inference()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(authorization("Bearer MANAGEMENT")))
                .predictions(request("echo", "x")));
        assertThat(inference
                        .inference()
                        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(authorization("Bearer INFERENCE")))
                        .predictions(request("echo", "x"))
                        .getPrediction()
                        .toStringUtf8())
                .isEqualTo("data [] x");
        assertThat(health(inference, "").getStatus()).isEqualTo(ServingStatus.SERVING);
        assertThat(services(inference)).isNotEmpty();
    }

    private static void assertDenied(Runnable call) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
            assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(failure.getStatus().getDescription()).isEqualTo("no entry");
        });
    }

    private static HealthCheckResponse health(GrpcClient client, String service) {
        return HealthGrpc.newBlockingStub(client.channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .check(HealthCheckRequest.newBuilder().setService(service).build());
    }

    /** Anybody may ask. Seen to fail without the limit. */
    @Test
    void keepsNoLongNamesForThoseWhoWatch() {
        HealthCheckRequest request = HealthCheckRequest.newBuilder()
                .setService("x".repeat(257))
                .build();
        HealthGrpc.HealthBlockingStub stub =
                HealthGrpc.newBlockingStub(inference.channel).withDeadlineAfter(20, TimeUnit.SECONDS);
        assertThatThrownBy(() -> stub.watch(request).next())
                .hasMessage("INVALID_ARGUMENT: service: 257 characters (expected: at most 256)");
        assertThatThrownBy(() -> stub.check(request))
                .hasMessage("INVALID_ARGUMENT: service: 257 characters (expected: at most 256)");
    }

    @Test
    void tellsHealthOfServerAndServicesAndModels() {
        for (GrpcClient client : List.of(inference, management)) {
            assertThat(health(client, "").getStatus()).isEqualTo(ServingStatus.SERVING);
            assertThat(health(client, "org.pytorch.serve.grpc.inference.InferenceAPIsService")
                            .getStatus())
                    .isEqualTo(ServingStatus.SERVING);
            assertThat(health(client, "echo").getStatus()).isEqualTo(ServingStatus.SERVING);
            assertThat(health(client, "typed").getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
            assertThatThrownBy(() -> health(client, "nobody"))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
        }
    }

    @Test
    void tellsThoseWhoWatchOfEachChange() {
        Iterator<HealthCheckResponse> changes = HealthGrpc.newBlockingStub(inference.channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .watch(HealthCheckRequest.newBuilder().setService("ranked").build());
        assertThat(changes.next().getStatus()).isEqualTo(ServingStatus.SERVICE_UNKNOWN);
        server.with("ranked.mar", 1);
        assertThat(changes.next().getStatus()).isIn(ServingStatus.NOT_SERVING, ServingStatus.SERVING);
        CompletionStage<Boolean> drained = server.drainGrpc(Duration.ofSeconds(20));
        assertThatThrownBy(() -> changes.forEachRemaining(change -> {}))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        assertThat(drained.toCompletableFuture()).succeedsWithin(15, TimeUnit.SECONDS);
    }

    private static List<String> services(GrpcClient client) {
        return reflect(
                        client,
                        ServerReflectionRequest.newBuilder().setListServices("").build())
                .getListServicesResponse()
                .getServiceList()
                .stream()
                .map(ServiceResponse::getName)
                .toList();
    }

    private static ServerReflectionResponse reflect(GrpcClient client, ServerReflectionRequest request) {
        CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> questions = ServerReflectionGrpc.newStub(client.channel)
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse value) {
                        answer.complete(value);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        answer.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {}
                });
        questions.onNext(request);
        assertThat(answer).succeedsWithin(20, TimeUnit.SECONDS);
        questions.onCompleted();
        return answer.getNow(ServerReflectionResponse.getDefaultInstance());
    }

    @Test
    void describesItselfToToolsThatAsk() throws Exception {
        assertThat(services(inference))
                .contains(
                        "org.pytorch.serve.grpc.inference.InferenceAPIsService",
                        "grpc.health.v1.Health",
                        "grpc.reflection.v1.ServerReflection",
                        "grpc.reflection.v1alpha.ServerReflection");
        assertThat(services(management)).contains("org.pytorch.serve.grpc.management.ManagementAPIsService");
        ServerReflectionResponse symbol = reflect(
                inference,
                ServerReflectionRequest.newBuilder()
                        .setFileContainingSymbol("org.pytorch.serve.grpc.inference.InferenceAPIsService.Predictions")
                        .build());
        List<String> files = new ArrayList<>();
        for (var file : symbol.getFileDescriptorResponse().getFileDescriptorProtoList()) {
            files.add(FileDescriptorProto.parseFrom(file).getName());
        }
        assertThat(files).contains("inference.proto");
    }

    /** Seen to fail when {@code GrpcTransport.drain} calls {@code shutdownNow}. */
    @Test
    void drainingAnswersCallsUnderWayAndTakesNoMore() {
        ListenableFuture<PredictionResponse> underWay =
                InferenceAPIsServiceGrpc.newFutureStub(inference.channel).predictions(request("held", "x"));
        Awaitility.await().until(() -> server.isTaken("held"));
        CompletionStage<Boolean> drained = server.drainGrpc(Duration.ofSeconds(20));
        Awaitility.await()
                .untilAsserted(() -> assertThatThrownBy(() -> {
                            try (GrpcClient late = new GrpcClient(server, Plane.INFERENCE)) {
                                late.inference().predictions(request("echo", "x"));
                            }
                        })
                        .isInstanceOf(RuntimeException.class));
        assertThat(underWay.isDone()).isFalse();
        server.permit(1);
        assertThat(underWay).succeedsWithin(10, TimeUnit.SECONDS);
        assertThat(drained.toCompletableFuture())
                .succeedsWithin(15, TimeUnit.SECONDS)
                .isEqualTo(true);
    }

    @Test
    void cutsCallsThatTakeTooLongToEnd() {
        ListenableFuture<PredictionResponse> underWay =
                InferenceAPIsServiceGrpc.newFutureStub(inference.channel).predictions(request("held", "x"));
        Awaitility.await().until(() -> server.isTaken("held"));
        assertThat(server.drainGrpc(Duration.ofMillis(100)).toCompletableFuture())
                .succeedsWithin(15, TimeUnit.SECONDS)
                .isEqualTo(false);
        assertThat(underWay).failsWithin(10, TimeUnit.SECONDS);
    }

    @Test
    void tellsTheObserverHowEachCallEnded() {
        String call = "INFERENCE org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions ";
        assertThat(inference.inference().predictions(request("echo", "x"))).isNotNull();
        Awaitility.await().until(() -> server.endedCalls().contains(call + Status.Code.OK.value()));
        assertThatThrownBy(() -> inference.inference().predictions(request("nobody", "x")))
                .isInstanceOf(StatusRuntimeException.class);
        Awaitility.await().until(() -> server.endedCalls().contains(call + Status.Code.INTERNAL.value()));
    }
}
