// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static dev.sluice.server.protocol.torchserve.grpc.GrpcClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.FakeServer;
import dev.sluice.server.transport.http.HttpLimits;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class PredictionCallTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final MemoryLedger ledger = new MemoryLedger();
    private FakeServer server;
    private GrpcClient client;

    @BeforeEach
    void start() {
        server = new FakeServer(true, HttpLimits.defaults().withMaxRequestBytes(100_000), budget, ledger);
        client = new GrpcClient(server, Plane.INFERENCE);
    }

    /** Every message and every answer gives its memory back. Seen to fail when {@code Outbound.finished} leaves out what is held. */
    @AfterEach
    void stop() throws InterruptedException {
        Awaitility.await().until(() -> budget.reserved() == 0);
        assertThat(ledger.leaks()).isZero();
        client.close();
        server.close();
    }

    @Test
    void answersWithTheBytesOfTheHandler() {
        server.with("echo.mar", 1);
        PredictionResponse answer = client.inference()
                .predictions(PredictionsRequest.newBuilder()
                        .setModelName("echo")
                        .putInput("a", ByteString.copyFromUtf8("one"))
                        .putInput("b", ByteString.EMPTY)
                        .build());
        assertThat(answer.getPrediction().toStringUtf8().lines()).containsExactlyInAnyOrder("a [] one", "b [] ");
        assertThat(answer.hasStatus()).isFalse();
    }

    /** Seen to fail when messages went past the envelopes. */
    @Test
    void opensTheEnvelopeOfMessages() throws InterruptedException {
        try (FakeServer enveloped = new FakeServer(FakeServer.Setup.of(true).withEnvelope(Optional.of("json")))
                        .with("tiny.mar", 2);
                GrpcClient wrapping = new GrpcClient(enveloped, Plane.INFERENCE)) {
            PredictionsRequest letter = request("tiny", "{\"instances\": [1, [2]]}");
            String answer = "{\"predictions\": [1, [2]]}";

            assertThat(wrapping.inference().predictions(letter).getPrediction().toStringUtf8())
                    .isEqualTo(answer);
            assertThat(wrapping.inference().streamPredictions(letter))
                    .toIterable()
                    .extracting(part -> part.getPrediction().toStringUtf8())
                    .containsExactly(answer);
            assertThatThrownBy(() -> wrapping.inference().predictions(request("tiny", "[]")))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            failure -> assertThat(failure.getStatus().getCode())
                                    .isEqualTo(Status.Code.INVALID_ARGUMENT));
        }
    }

    /** Seen to fail when it was called no request at all. */
    @Test
    void saysOfCompressedMessagesThatTheyAreTooLarge() {
        server.with("echo.mar", 1);
        assertThat(client.inference()
                        .withCompression("gzip")
                        .predictions(request("echo", "x".repeat(90_000)))
                        .getPrediction()
                        .size())
                .isEqualTo(90_008);
        assertThatThrownBy(() ->
                        client.inference().withCompression("gzip").predictions(request("echo", "x".repeat(200_000))))
                .hasMessageStartingWith(
                        "INVALID_ARGUMENT: message: Decompressed gRPC message exceeds maximum size 100000");
    }

    /** Seen to fail when the name was repeated whole, which clients take for headers that are too large. */
    @Test
    void saysNoMoreThanClientsTake() {
        assertThatThrownBy(() -> client.inference().predictions(request("\u00e4".repeat(9000), "")))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
                    assertThat(failure.getStatus().getDescription())
                            .startsWith("Model not found: \u00e4\u00e4")
                            .endsWith("\u00e4...\norg.pytorch.serve.archive.model.ModelNotFoundException");
                });
    }

    @Test
    void takesMessageOfManyFrames() {
        server.with("echo.mar", 1);
        String large = "x".repeat(90_000);
        assertThat(client.inference()
                        .predictions(request("echo", large))
                        .getPrediction()
                        .toStringUtf8())
                .isEqualTo("data [] " + large);
    }

    @Test
    void takesCompressedMessage() {
        server.with("echo.mar", 1);
        String text = "compress me ".repeat(1000);
        assertThat(client.inference()
                        .withCompression("gzip")
                        .predictions(request("echo", text))
                        .getPrediction()
                        .toStringUtf8())
                .isEqualTo("data [] " + text);
    }

    @Test
    void asksTheVersionThatIsNamed() {
        server.with("echo.mar", 1).with("echo-2.0.mar", 1);
        PredictionsRequest second =
                request("echo", "x").toBuilder().setModelVersion("2.0").build();
        assertThat(client.inference().predictions(second).getPrediction().toStringUtf8())
                .isEqualTo("data [] x");
        assertRefused(
                () -> client.inference()
                        .predictions(second.toBuilder().setModelVersion("3").build()),
                Status.Code.INTERNAL,
                "Model version: 3 does not exist for model: echo\n"
                        + "org.pytorch.serve.archive.model.ModelVersionNotFoundException");
    }

    @Test
    void refusesInTheWordsOfTheOriginal() {
        server.with("echo.mar", 0).with("failing.mar", 1).with("busy.mar", 1).with("picky.mar", 1);
        assertRefused(
                () -> client.inference().predictions(request("", "x")),
                Status.Code.INTERNAL,
                "Parameter model_name is required.\nBadRequestException.()");
        assertRefused(
                () -> client.inference().predictions(request("nobody", "x")),
                Status.Code.INTERNAL,
                "Model not found: nobody\norg.pytorch.serve.archive.model.ModelNotFoundException");
        assertRefused(
                () -> client.inference().predictions(request("echo", "x")),
                Status.Code.INTERNAL,
                "Model \"echo\" has no worker to serve inference request. Please use scale workers API to add workers."
                        + " If this is a sequence inference, please check if it is closed, or expired;"
                        + " or exceeds maxSequenceJobQueueSize\nInternalServerException.()");
        assertRefused(
                () -> client.inference().predictions(request("busy", "x")),
                Status.Code.RESOURCE_EXHAUSTED,
                "Come back on Monday\norg.pytorch.serve.http.InternalServerException");
        assertRefused(
                () -> client.inference().predictions(request("picky", "x")),
                Status.Code.INVALID_ARGUMENT,
                "input: text (expected: an image)\norg.pytorch.serve.http.BadRequestException");
        assertThatThrownBy(() -> client.inference().predictions(request("failing", "x")))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getDescription())
                                .endsWith("\norg.pytorch.serve.http.InternalServerException"));
    }

    @Test
    void forwardsMetadataButNoSecrets() {
        server.with("headers.mar", 1);
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("x-colour", Metadata.ASCII_STRING_MARSHALLER), "blue");
        metadata.put(Metadata.Key.of("explain", Metadata.ASCII_STRING_MARSHALLER), "True");
        metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer secret");
        String seen = client.inference()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata))
                .predictions(request("headers", "x"))
                .getPrediction()
                .toStringUtf8();
        assertThat(seen).contains("x-colour=blue", "explain=False").doesNotContain("secret", "application/grpc");
    }

    @Test
    void streamsEachPartAsAMessage() {
        server.with("streamed.mar", 1);
        List<String> parts = new ArrayList<>();
        client.inference()
                .streamPredictions(request("streamed", "300"))
                .forEachRemaining(part -> parts.add(part.getPrediction().toStringUtf8()));
        assertThat(parts).hasSize(300).startsWith("0", "1", "2").endsWith("299");
    }

    @Test
    void streamsOneMessageForHandlerThatDoesNotStream() {
        server.with("echo.mar", 1);
        assertThat(client.inference().streamPredictions(request("echo", "x")))
                .toIterable()
                .extracting(part -> part.getPrediction().toStringUtf8())
                .containsExactly("data [] x");
    }

    @Test
    void putsStreamedAnswerTogetherForThoseWhoAskForOne() {
        server.with("streamed.mar", 1);
        assertThat(client.inference()
                        .predictions(request("streamed", "5"))
                        .getPrediction()
                        .toStringUtf8())
                .isEqualTo("01234");
    }

    @Test
    void refusesStreamedAnswerTooLargeForOneMessage() {
        server.with("streamed.mar", 1);
        assertThatThrownBy(() -> client.inference().predictions(request("streamed", "60000")))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
                    assertThat(failure.getStatus().getDescription()).contains("StreamPredictions");
                });
    }

    /** Seen to fail when {@code PredictionCall.onCancel} does not cancel. */
    @Test
    void cancellingTakesQueuedWorkOut() {
        server.with("held.mar", 1);
        InferenceAPIsServiceGrpc.InferenceAPIsServiceFutureStub stub =
                InferenceAPIsServiceGrpc.newFutureStub(client.channel);
        ListenableFuture<PredictionResponse> first = stub.predictions(request("held", "x"));
        Awaitility.await().until(() -> server.isTaken("held"));
        ListenableFuture<PredictionResponse> second = stub.predictions(request("held", "x"));
        Awaitility.await().until(() -> server.waiting("held") == 1);
        assertRefusedFull();
        second.cancel(true);
        Awaitility.await().until(() -> server.waiting("held") == 0);
        server.permit(1);
        assertThat(first).succeedsWithin(10, TimeUnit.SECONDS);
    }

    private void assertRefusedFull() {
        assertThatThrownBy(() -> client.inference().predictions(request("held", "x")))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
                    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
                    assertThat(failure.getStatus().getDescription()).endsWith("\nInternalServerException.()");
                });
    }

    @Test
    void deadlineTakesQueuedWorkOut() {
        server.with("held.mar", 1);
        InferenceAPIsServiceGrpc.InferenceAPIsServiceFutureStub stub =
                InferenceAPIsServiceGrpc.newFutureStub(client.channel);
        ListenableFuture<PredictionResponse> first = stub.predictions(request("held", "x"));
        Awaitility.await().until(() -> server.isTaken("held"));
        assertThatThrownBy(() -> InferenceAPIsServiceGrpc.newBlockingStub(client.channel)
                        .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                        .predictions(request("held", "x")))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
        Awaitility.await().until(() -> server.waiting("held") == 0);
        server.permit(1);
        assertThat(first).succeedsWithin(10, TimeUnit.SECONDS);
    }

    @Test
    void refusesMessageThatIsTooLarge() {
        server.with("echo.mar", 1);
        assertThatThrownBy(() -> client.inference().predictions(request("echo", "x".repeat(200_000))))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
        assertThat(client.inference()
                        .predictions(request("echo", "x"))
                        .getPrediction()
                        .toStringUtf8())
                .isEqualTo("data [] x");
    }

    /** Three quarters of the budget are for requests; an answer of another call keeps most of that here. */
    @Test
    void refusesMessageThereIsNoMemoryFor() {
        server.with("echo.mar", 1);
        assertThat(budget.tryReserve(760_000)).isTrue();
        try {
            assertThatThrownBy(() -> client.inference().predictions(request("echo", "x".repeat(50_000))))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            failure -> assertThat(failure.getStatus().getDescription())
                                    .contains("Not enough memory"));
        } finally {
            budget.release(760_000);
        }
    }

    @Test
    void pingSucceedsWhateverTheHealth() {
        assertThat(client.inference().ping(Empty.getDefaultInstance()).getHealth())
                .isEqualTo("{\n  \"status\": \"Healthy\"\n}");
        server.with("broken.mar", 1);
        assertThat(client.inference().ping(Empty.getDefaultInstance()).getHealth())
                .isEqualTo("{\n  \"status\": \"Unhealthy\"\n}");
    }

    private static void assertRefused(Runnable call, Status.Code code, String text) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(StatusRuntimeException.class, failure -> {
            assertThat(failure.getStatus().getDescription()).isEqualTo(text);
            assertThat(failure.getStatus().getCode()).isEqualTo(code);
        });
    }
}
