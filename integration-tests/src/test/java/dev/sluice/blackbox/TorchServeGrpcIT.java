// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.api.torchserve.management.DescribeModelRequest;
import dev.sluice.api.torchserve.management.ListModelsRequest;
import dev.sluice.api.torchserve.management.ManagementAPIsServiceGrpc;
import dev.sluice.api.torchserve.management.RegisterModelRequest;
import dev.sluice.api.torchserve.management.ScaleWorkerRequest;
import dev.sluice.api.torchserve.management.SetDefaultRequest;
import dev.sluice.api.torchserve.management.UnregisterModelRequest;
import dev.sluice.conformance.Row;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** TorchServe's gRPC services, over the wire. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TorchServeGrpcIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_SECONDS = 60;

    private SluiceServer server;
    private ManagedChannel inferenceChannel;
    private ManagedChannel managementChannel;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Probe.pack(store, "m", "1.0", "minWorkers: 1\nmaxWorkers: 1\n");
        Probe.pack(store, "n", "1.0", "");
        Probe.pack(store, "n", "2.0", "");
        Probe.pack(store, "stateful", "1.0", """
                minWorkers: 1
                maxWorkers: 1
                sequenceBatching: true
                sequenceMaxIdleMSec: 60000
                maxNumSequence: 4
                maxSequenceJobQueueSize: 8
                """);
        server = SluiceServer.start(
                store, folder.resolve("log"), "--models", "m.mar,stateful.mar", "--set", "drain_delay=0");
        inferenceChannel = channel(server.grpcInference());
        managementChannel = channel(server.grpcManagement());
    }

    private static ManagedChannel channel(String address) {
        return Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                .build();
    }

    @AfterAll
    void stopServer() {
        inferenceChannel.shutdownNow();
        managementChannel.shutdownNow();
        server.close();
    }

    private InferenceAPIsServiceGrpc.InferenceAPIsServiceBlockingStub inference() {
        return InferenceAPIsServiceGrpc.newBlockingStub(inferenceChannel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Tells the probe what to do. */
    private InferenceAPIsServiceGrpc.InferenceAPIsServiceBlockingStub probe(String wish) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("probe", Metadata.ASCII_STRING_MARSHALLER), wish);
        return inference().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private ManagementAPIsServiceGrpc.ManagementAPIsServiceBlockingStub management() {
        return ManagementAPIsServiceGrpc.newBlockingStub(managementChannel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static PredictionsRequest request(String model) {
        return PredictionsRequest.newBuilder()
                .setModelName(model)
                .putInput("data", ByteString.copyFromUtf8("bytes"))
                .build();
    }

    private static void fails(Status.Code code, String text, ThrowingCallable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(failure.getStatus().getCode()).isEqualTo(code);
        assertThat(failure.getStatus().getDescription()).startsWith(text);
    }

    @Test
    @Row(53)
    void predicts() throws Exception {
        PredictionResponse answer = inference().predictions(request("m"));

        assertThat(JSON.readTree(answer.getPrediction().toByteArray())
                        .at("/inputs/data/text")
                        .asText())
                .isEqualTo("bytes");
    }

    @Test
    @Row(54)
    void pings() throws Exception {
        assertThat(JSON.readTree(inference().ping(Empty.getDefaultInstance()).getHealth())
                        .path("status")
                        .asText())
                .isEqualTo("Healthy");
    }

    @Test
    @Row(55)
    void streamsEachPart() {
        List<String> parts = new ArrayList<>();
        probe("stream 3")
                .streamPredictions(request("m"))
                .forEachRemaining(part -> parts.add(part.getPrediction().toStringUtf8()));

        assertThat(parts).containsExactly("part-0;", "part-1;", "part-2;", "end");
    }

    @Test
    @Row(55)
    void sendsTheOneAnswerOfAModelThatDoesNotStream() {
        assertThat(inference().streamPredictions(request("m"))).toIterable().hasSize(1);
    }

    @Test
    @Row(56)
    void answersTheRequestsOfASequenceInOneStream() throws Exception {
        List<PredictionResponse> answers = new ArrayList<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        StreamObserver<PredictionsRequest> requests = InferenceAPIsServiceGrpc.newStub(inferenceChannel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .streamPredictions2(new StreamObserver<>() {
                    @Override
                    public void onNext(PredictionResponse answer) {
                        answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        ended.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                        ended.complete(null);
                    }
                });
        for (int i = 0; i < 3; i++) {
            requests.onNext(request("stateful").toBuilder().setSequenceId("s").build());
        }
        requests.onCompleted();

        Void unused = ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(requests).isInstanceOf(ClientCallStreamObserver.class);
        assertThat(answers)
                .hasSize(3)
                .allSatisfy(answer -> assertThat(
                                JSON.readTree(answer.getPrediction().toByteArray())
                                        .at("/headers/ts_request_sequence_id")
                                        .asText())
                        .isEqualTo("s"));
    }

    @Test
    @Row(57)
    void saysInWhichWayItFailed() {
        fails(Status.Code.INTERNAL, "Model not found: no", () -> inference().predictions(request("no")));
        fails(Status.Code.UNAVAILABLE, "Prediction failed", () -> probe("throw").predictions(request("m")));
        fails(
                Status.Code.NOT_FOUND,
                "not here",
                () -> probe("refuse 404 not here").predictions(request("m")));
        fails(
                Status.Code.NOT_FOUND,
                "Model not found: no",
                () -> management()
                        .describeModel(DescribeModelRequest.newBuilder()
                                .setModelName("no")
                                .build()));
    }

    @Test
    @Row(58)
    void managesModelsInTheWordsOfRest() throws Exception {
        assertThat(register("n.mar", 0))
                .isEqualTo("Model \"n\" Version: 1.0 registered with 0 initial workers. Use scale workers API to add"
                        + " workers for the model.");
        assertThat(register("n-2.0.mar", 1)).isEqualTo("Model \"n\" Version: 2.0 registered with 1 initial workers");
        assertThat(management()
                        .scaleWorker(ScaleWorkerRequest.newBuilder()
                                .setModelName("n")
                                .setMinWorker(1)
                                .setSynchronous(true)
                                .build())
                        .getMsg())
                .isEqualTo("Workers scaled to 1 for model: n");
        JsonNode described = JSON.readTree(management()
                .describeModel(
                        DescribeModelRequest.newBuilder().setModelName("n").build())
                .getMsg());
        assertThat(described.at("/0/workers")).hasSize(1);
        assertThat(JSON.readTree(management()
                                .listModels(ListModelsRequest.getDefaultInstance())
                                .getMsg())
                        .path("models")
                        .findValuesAsText("modelName"))
                .containsExactly("m", "n", "stateful");
        assertThat(management()
                        .setDefault(SetDefaultRequest.newBuilder()
                                .setModelName("n")
                                .setModelVersion("2.0")
                                .build())
                        .getMsg())
                .isEqualTo("Default version successfully updated for model \"n\" to \"2.0\"");
        assertThat(unregister("1.0")).isEqualTo("Model \"n\" unregistered");
        assertThat(unregister("2.0")).isEqualTo("Model \"n\" unregistered");
    }

    private String register(String archive, int workers) {
        return management()
                .registerModel(RegisterModelRequest.newBuilder()
                        .setUrl(archive)
                        .setInitialWorkers(workers)
                        .setSynchronous(true)
                        .build())
                .getMsg();
    }

    private String unregister(String version) {
        return management()
                .unregisterModel(UnregisterModelRequest.newBuilder()
                        .setModelName("n")
                        .setModelVersion(version)
                        .build())
                .getMsg();
    }
}
