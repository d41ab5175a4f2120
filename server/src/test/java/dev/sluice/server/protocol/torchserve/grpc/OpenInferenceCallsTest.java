// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.sluice.api.torchserve.openinference.GRPCInferenceServiceGrpc;
import dev.sluice.api.torchserve.openinference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.sluice.api.torchserve.openinference.InferTensorContents;
import dev.sluice.api.torchserve.openinference.ModelInferRequest;
import dev.sluice.api.torchserve.openinference.ModelInferRequest.InferInputTensor;
import dev.sluice.api.torchserve.openinference.ModelInferResponse;
import dev.sluice.api.torchserve.openinference.ModelMetadataRequest;
import dev.sluice.api.torchserve.openinference.ModelReadyRequest;
import dev.sluice.api.torchserve.openinference.ServerLiveRequest;
import dev.sluice.api.torchserve.openinference.ServerMetadataRequest;
import dev.sluice.api.torchserve.openinference.ServerReadyRequest;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.FakeServer;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class OpenInferenceCallsTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private FakeServer server;
    private GrpcClient client;

    @BeforeEach
    void start() {
        server = new FakeServer(true, HttpLimits.defaults().withMaxRequestBytes(100_000), budget, new MemoryLedger())
                .with("mirror.mar", 1)
                .with("json.mar", 1)
                .with("typed.mar", 1)
                .with("echo.mar", 0);
        client = new GrpcClient(server, Plane.INFERENCE);
    }

    @AfterEach
    void stop() throws InterruptedException {
        Awaitility.await().until(() -> budget.reserved() == 0);
        client.close();
        server.close();
    }

    private GRPCInferenceServiceBlockingStub stub() {
        return GRPCInferenceServiceGrpc.newBlockingStub(client.channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    private static ModelInferRequest.Builder request(String model) {
        return ModelInferRequest.newBuilder().setModelName(model).setId("42");
    }

    private static InferInputTensor.Builder tensor(String type, long... shape) {
        InferInputTensor.Builder tensor =
                InferInputTensor.newBuilder().setName("x").setDatatype(type);
        for (long dimension : shape) {
            tensor.addShape(dimension);
        }
        return tensor;
    }

    static Stream<Arguments> contents() {
        InferTensorContents.Builder none = InferTensorContents.newBuilder();
        return Stream.of(
                Arguments.of("BOOL", none.clone().addBoolContents(true).addBoolContents(false)),
                Arguments.of("INT8", none.clone().addIntContents(-128).addIntContents(127)),
                Arguments.of("INT16", none.clone().addIntContents(-32768).addIntContents(1)),
                Arguments.of(
                        "INT32", none.clone().addIntContents(Integer.MIN_VALUE).addIntContents(1)),
                Arguments.of(
                        "INT64", none.clone().addInt64Contents(Long.MIN_VALUE).addInt64Contents(1)),
                Arguments.of("UINT8", none.clone().addUintContents(255).addUintContents(1)),
                Arguments.of("UINT16", none.clone().addUintContents(65535).addUintContents(1)),
                Arguments.of("UINT32", none.clone().addUintContents(-1).addUintContents(1)),
                Arguments.of("UINT64", none.clone().addUint64Contents(-1).addUint64Contents(1)),
                Arguments.of("FP32", none.clone().addFp32Contents(1.5f).addFp32Contents(Float.NaN)),
                Arguments.of("FP64", none.clone().addFp64Contents(1.5).addFp64Contents(-0.0)),
                Arguments.of(
                        "BYTES",
                        none.clone()
                                .addBytesContents(ByteString.copyFromUtf8("\"quoted\""))
                                .addBytesContents(ByteString.EMPTY)));
    }

    @ParameterizedTest
    @MethodSource("contents")
    void carriesElementsOfEachTypeThereAndBack(String type, InferTensorContents.Builder contents) {
        ModelInferResponse answer = stub().modelInfer(request("mirror")
                .addInputs(tensor(type, 1, 2).setContents(contents))
                .build());
        assertThat(answer.getId()).isEqualTo("42");
        assertThat(answer.getModelVersion()).isEqualTo("1.0");
        assertThat(answer.getOutputs(0).getDatatype()).isEqualTo(type);
        assertThat(answer.getOutputs(0).getShapeList()).containsExactly(1L, 2L);
        assertThat(answer.getOutputs(0).getContents()).isEqualTo(contents.build());
        assertThat(answer.getRawOutputContentsCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"FP16", "BF16", "INT16"})
    void answersRawBytesWithRawBytes(String type) {
        ByteString bytes = ByteString.copyFrom(new byte[] {1, 2, 3, 4});
        ModelInferResponse answer = stub().modelInfer(request("mirror")
                .addInputs(tensor(type, 2))
                .addRawInputContents(bytes)
                .build());
        assertThat(answer.getRawOutputContentsList()).containsExactly(bytes);
        assertThat(answer.getOutputs(0).hasContents()).isFalse();
    }

    /** Seen to fail when the rest was answered as if it were all. */
    @Test
    void refusesAnswersOfWhichOnePartIsNoTensor() {
        server.with("misspelt.mar", 1);
        assertThatThrownBy(() -> stub().modelInfer(request("misspelt").build()))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                    assertThat(failure.getStatus().getDescription()).startsWith("output 'o': datatype 'FP33'");
                });
    }

    @Test
    void isTheSameUnderTheNameThatOtherClientsKnow() {
        var other = dev.sluice.api.openinference.GRPCInferenceServiceGrpc.newBlockingStub(client.channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS);
        var answer = other.modelInfer(dev.sluice.api.openinference.ModelInferRequest.newBuilder()
                .setModelName("mirror")
                .addInputs(dev.sluice.api.openinference.ModelInferRequest.InferInputTensor.newBuilder()
                        .setName("x")
                        .setDatatype("FP32")
                        .addShape(1)
                        .setContents(dev.sluice.api.openinference.InferTensorContents.newBuilder()
                                .addFp32Contents(2)))
                .build());
        assertThat(answer.getOutputs(0).getContents().getFp32ContentsList()).containsExactly(2f);
    }

    @Test
    void readsTheProtocolsJsonFromHandlersThatWriteIt() {
        ModelInferResponse answer = stub().modelInfer(request("json").build());
        assertThat(answer.getOutputs(0).getName()).isEqualTo("label");
        assertThat(answer.getOutputs(0).getContents().getBytesContentsList())
                .containsExactly(ByteString.copyFromUtf8("cat"), ByteString.copyFromUtf8("7"));
    }

    @Test
    void givesOtherAnswersAsBytes() {
        ModelInferResponse answer = stub().modelInfer(request("typed").build());
        assertThat(answer.getOutputs(0).getName()).isEqualTo(TensorWriter.CONTENT);
        assertThat(answer.getOutputs(0).getContents().getBytesContents(0).toStringUtf8())
                .isEqualTo("hello");
    }

    static Stream<Arguments> refusals() {
        InferTensorContents one =
                InferTensorContents.newBuilder().addIntContents(300).build();
        return Stream.of(
                Arguments.of(
                        request("mirror").addInputs(tensor("FP16", 1)),
                        "input 'x': FP16 in contents (expected: its bytes in raw_input_contents"),
                Arguments.of(
                        request("mirror").addInputs(tensor("INT8", 1).setContents(one)),
                        "input 'x': 300 (expected: -128..127 for INT8)"),
                Arguments.of(
                        request("mirror").addInputs(tensor("INT32", 2).setContents(one)),
                        "input 'x': 1 elements of INT32 (expected: 2 for"),
                Arguments.of(
                        request("mirror").addInputs(tensor("INT32", -1).setContents(one)),
                        "input 'x': shape [-1] (expected: no dimension below 0)"),
                Arguments.of(request("mirror").addInputs(tensor("STRING", 1)), "input 'x': datatype 'STRING'"),
                Arguments.of(
                        request("mirror")
                                .addInputs(tensor("INT32", 1))
                                .addRawInputContents(ByteString.EMPTY)
                                .addRawInputContents(ByteString.EMPTY),
                        "raw_input_contents: 2 (expected: none, or one for each of 1 inputs)"),
                Arguments.of(
                        request("mirror")
                                .addInputs(tensor("INT32", 1L << 40, 1L << 40))
                                .addRawInputContents(ByteString.copyFromUtf8("four")),
                        "input 'x': shape [1099511627776, 1099511627776] has more elements"),
                Arguments.of(
                        request("mirror")
                                .addInputs(tensor("BYTES", 1))
                                .addRawInputContents(ByteString.copyFromUtf8("x")),
                        "tensor 'x': byte"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusesTensorsThatAreNone(ModelInferRequest.Builder request, String text) {
        assertThatThrownBy(() -> stub().modelInfer(request.build()))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getDescription()).startsWith(text);
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                });
    }

    @Test
    void refusesUnknownModelsAsTheOriginalDoes() {
        assertCode(() -> stub().modelInfer(request("").build()), Status.Code.INTERNAL);
        assertCode(() -> stub().modelInfer(request("nobody").build()), Status.Code.INTERNAL);
        assertCode(
                () -> stub().modelReady(
                                ModelReadyRequest.newBuilder().setName("nobody").build()),
                Status.Code.NOT_FOUND);
        assertCode(
                () -> stub().modelMetadata(ModelMetadataRequest.newBuilder()
                        .setName("nobody")
                        .build()),
                Status.Code.NOT_FOUND);
    }

    private static void assertCode(Runnable call, Status.Code code) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(code));
    }

    @Test
    void tellsOfServerAndModels() {
        assertThat(stub().serverLive(ServerLiveRequest.getDefaultInstance()).getLive())
                .isTrue();
        assertThat(stub().serverReady(ServerReadyRequest.getDefaultInstance()).getReady())
                .isTrue();
        assertThat(stub().serverMetadata(ServerMetadataRequest.getDefaultInstance())
                        .getVersion())
                .isEqualTo("1.2.3");
        assertThat(stub().modelReady(
                                ModelReadyRequest.newBuilder().setName("mirror").build())
                        .getReady())
                .isTrue();
        server.with("mirror-2.0.mar", 1);
        assertThat(stub().modelMetadata(ModelMetadataRequest.newBuilder()
                                .setName("mirror")
                                .build())
                        .getVersionsList())
                .containsExactly("1.0", "2.0");
    }
}
