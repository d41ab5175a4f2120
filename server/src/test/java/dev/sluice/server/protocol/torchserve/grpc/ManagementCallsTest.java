// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.api.torchserve.management.DescribeModelRequest;
import dev.sluice.api.torchserve.management.ListModelsRequest;
import dev.sluice.api.torchserve.management.ManagementAPIsServiceGrpc.ManagementAPIsServiceBlockingStub;
import dev.sluice.api.torchserve.management.ManagementResponse;
import dev.sluice.api.torchserve.management.RegisterModelRequest;
import dev.sluice.api.torchserve.management.ScaleWorkerRequest;
import dev.sluice.api.torchserve.management.SetDefaultRequest;
import dev.sluice.api.torchserve.management.UnregisterModelRequest;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.FakeServer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ManagementCallsTest {
    private FakeServer server;
    private GrpcClient client;

    @BeforeEach
    void start() {
        start(true);
    }

    private void start(boolean modelApi) {
        server = new FakeServer(modelApi);
        client = new GrpcClient(server, Plane.MANAGEMENT);
    }

    @AfterEach
    void stop() throws InterruptedException {
        client.close();
        server.close();
    }

    private String say(Function<ManagementAPIsServiceBlockingStub, ManagementResponse> call) {
        return call.apply(client.management()).getMsg();
    }

    private void assertRefused(
            Function<ManagementAPIsServiceBlockingStub, ManagementResponse> call, Status.Code code, String text) {
        assertThatThrownBy(() -> call.apply(client.management()))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getDescription()).isEqualTo(text);
                    assertThat(failure.getStatus().getCode()).isEqualTo(code);
                });
    }

    private static RegisterModelRequest.Builder register(String url) {
        return RegisterModelRequest.newBuilder().setUrl(url);
    }

    private static ScaleWorkerRequest.Builder scale(String model) {
        return ScaleWorkerRequest.newBuilder().setModelName(model);
    }

    @Test
    void registersScalesAndRemoves() {
        assertThat(say(stub -> stub.registerModel(register("echo.mar").build())))
                .isEqualTo("Model \"echo\" Version: 1.0 registered with 0 initial workers."
                        + " Use scale workers API to add workers for the model.");
        assertThat(say(stub -> stub.scaleWorker(
                        scale("echo").setMinWorker(2).setSynchronous(true).build())))
                .isEqualTo("Workers scaled to 2 for model: echo");
        assertThat(say(stub -> stub.scaleWorker(
                        scale("echo").setMinWorker(0).setMaxWorker(0).build())))
                .isEqualTo("Processing worker updates...");
        assertThat(say(stub -> stub.registerModel(register("echo-2.0.mar")
                        .setInitialWorkers(1)
                        .setSynchronous(true)
                        .build())))
                .isEqualTo("Model \"echo\" Version: 2.0 registered with 1 initial workers");
        assertThat(say(stub -> stub.setDefault(SetDefaultRequest.newBuilder()
                        .setModelName("echo")
                        .setModelVersion("2.0")
                        .build())))
                .isEqualTo("Default version successfully updated for model \"echo\" to \"2.0\"");
        assertThat(say(stub -> stub.unregisterModel(UnregisterModelRequest.newBuilder()
                        .setModelName("echo")
                        .setModelVersion("1.0")
                        .build())))
                .isEqualTo("Model \"echo\" unregistered");
    }

    @Test
    void describesAsRestDoes() {
        server.with("echo.mar", 1).with("echo-2.0.mar", 1);
        assertThat(say(stub -> stub.describeModel(
                        DescribeModelRequest.newBuilder().setModelName("echo").build())))
                .startsWith("[\n  {\n    \"modelName\": \"echo\",\n    \"modelVersion\": \"1.0\",")
                .endsWith("]");
        assertThat(say(stub -> stub.describeModel(DescribeModelRequest.newBuilder()
                        .setModelName("echo")
                        .setModelVersion("all")
                        .build())))
                .contains("\"modelVersion\": \"1.0\"", "\"modelVersion\": \"2.0\"");
    }

    /** Seen to fail when only unknown models were internal errors. */
    @Test
    void hasModelsDescribeThemselves() {
        server.with("knowing.mar", 1).with("idle.mar", 0);

        assertThat(say(stub -> stub.describeModel(DescribeModelRequest.newBuilder()
                        .setModelName("knowing")
                        .setCustomized(true)
                        .build())))
                .contains("\"customizedMetadata\": {\n      \"about\": 1\n    }");
        assertRefused(
                stub -> stub.describeModel(DescribeModelRequest.newBuilder()
                        .setModelName("idle")
                        .setCustomized(true)
                        .build()),
                Status.Code.INTERNAL,
                "Model \"idle\" has no worker to serve describe request. Please use scale workers API to add workers."
                        + "\nInternalServerException.()");
    }

    /** Clients of the original's cannot say 0; those that say nothing want a page. */
    @Test
    void listsAHundredUnlessToldOtherwise() {
        server.with("echo.mar", 1).with("typed.mar", 1);
        assertThat(say(stub -> stub.listModels(ListModelsRequest.getDefaultInstance())))
                .contains("\"modelName\": \"echo\"", "\"modelName\": \"typed\"")
                .doesNotContain("nextPageToken");
        assertThat(say(stub -> stub.listModels(
                        ListModelsRequest.newBuilder().setLimit(1).build())))
                .contains("\"nextPageToken\": \"1\"", "echo")
                .doesNotContain("typed");
        assertThat(say(stub -> stub.listModels(ListModelsRequest.newBuilder()
                        .setLimit(1)
                        .setNextPageToken(1)
                        .build())))
                .contains("typed")
                .doesNotContain("echo");
    }

    @Test
    void refusesWithStatusesThatSayWhy() {
        server.with("echo.mar", 1).with("echo-2.0.mar", 1);
        assertRefused(
                stub -> stub.describeModel(
                        DescribeModelRequest.newBuilder().setModelName("nobody").build()),
                Status.Code.NOT_FOUND,
                "Model not found: nobody\norg.pytorch.serve.archive.model.ModelNotFoundException");
        assertRefused(
                stub -> stub.registerModel(register("echo.mar").build()),
                Status.Code.ALREADY_EXISTS,
                "Model version 1.0 is already registered for model echo\n"
                        + "org.pytorch.serve.http.ConflictStatusException");
        assertRefused(
                stub -> stub.unregisterModel(
                        UnregisterModelRequest.newBuilder().setModelName("echo").build()),
                Status.Code.FAILED_PRECONDITION,
                "Cannot remove default version for model echo\n"
                        + "org.pytorch.serve.archive.model.InvalidModelVersionException");
        assertRefused(
                stub -> stub.unregisterModel(UnregisterModelRequest.getDefaultInstance()),
                Status.Code.INVALID_ARGUMENT,
                "Parameter url is required.\norg.pytorch.serve.http.BadRequestException");
        assertRefused(
                stub -> stub.registerModel(RegisterModelRequest.getDefaultInstance()),
                Status.Code.INVALID_ARGUMENT,
                "Parameter url is required.\norg.pytorch.serve.http.BadRequestException");
        assertRefused(
                stub -> stub.scaleWorker(
                        scale("echo").setMinWorker(2).setMaxWorker(1).build()),
                Status.Code.INVALID_ARGUMENT,
                "max_worker cannot be less than min_worker.\norg.pytorch.serve.http.BadRequestException");
        assertRefused(
                stub -> stub.scaleWorker(ScaleWorkerRequest.getDefaultInstance()),
                Status.Code.INVALID_ARGUMENT,
                "Parameter model_name is required.\norg.pytorch.serve.http.BadRequestException");
        assertRefused(
                stub -> stub.setDefault(
                        SetDefaultRequest.newBuilder().setModelName("echo").build()),
                Status.Code.NOT_FOUND,
                "Model version '' does not exist for model echo\n"
                        + "org.pytorch.serve.archive.model.ModelVersionNotFoundException");
    }

    @Test
    void tellsWhenWorkersDoNotStart() {
        assertThatThrownBy(() -> client.management()
                        .registerModel(register("broken.mar")
                                .setInitialWorkers(1)
                                .setSynchronous(true)
                                .build()))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
                    assertThat(failure.getStatus().getDescription())
                            .startsWith("Failed to start workers for model broken version: 1.0");
                });
    }

    @Test
    void keepsModelsFromClientsUnlessAllowed() throws InterruptedException {
        stop();
        start(false);
        server.with("echo.mar", 1);
        assertRefused(
                stub -> stub.registerModel(register("typed.mar").build()),
                Status.Code.PERMISSION_DENIED,
                "Model API disabled");
        assertRefused(
                stub -> stub.unregisterModel(
                        UnregisterModelRequest.newBuilder().setModelName("echo").build()),
                Status.Code.PERMISSION_DENIED,
                "Model API disabled");
    }
}
