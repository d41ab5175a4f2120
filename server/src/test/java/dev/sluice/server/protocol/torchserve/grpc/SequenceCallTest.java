// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionResponse;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.torchserve.FakeServer;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SequenceCallTest {
    private FakeServer server;
    private GrpcClient client;

    @BeforeEach
    void start() {
        server = new FakeServer(true).with("sequences.mar", 1).with("echo.mar", 1);
        client = new GrpcClient(server, Plane.INFERENCE);
    }

    @AfterEach
    void stop() throws InterruptedException {
        client.close();
        server.close();
    }

    /** The answers of a stream, in order, and how it ended. */
    private static final class Answers implements StreamObserver<PredictionResponse> {
        private final BlockingQueue<PredictionResponse> messages = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();

        @Override
        public void onNext(PredictionResponse message) {
            messages.add(message);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }

        PredictionResponse next() throws InterruptedException {
            PredictionResponse message = messages.poll(10, TimeUnit.SECONDS);
            assertThat(message).isNotNull();
            return message;
        }

        Status end() throws Exception {
            return end.get(10, TimeUnit.SECONDS);
        }
    }

    private StreamObserver<PredictionsRequest> open(Answers answers) {
        return InferenceAPIsServiceGrpc.newStub(client.channel).streamPredictions2(answers);
    }

    private static PredictionsRequest.Builder message(String sequence, String body) {
        return PredictionsRequest.newBuilder()
                .setModelName("sequences")
                .setSequenceId(sequence)
                .putInput("data", ByteString.copyFromUtf8(body));
    }

    @Test
    void answersEachMessageOfASequence() throws Exception {
        Answers answers = new Answers();
        StreamObserver<PredictionsRequest> requests = open(answers);
        requests.onNext(message("s", "1").build());
        assertThat(answers.next().getPrediction().toStringUtf8()).isEqualTo("s false false data [] 1");
        requests.onNext(message("s", "2").build());
        assertThat(answers.next().getPrediction().toStringUtf8()).isEqualTo("s false false data [] 2");
        requests.onNext(message("s", "3")
                .putInput("ts_request_sequence_end", ByteString.copyFromUtf8("true"))
                .build());
        assertThat(answers.next().getPrediction().toStringUtf8()).isEqualTo("s false true data [] 3");
        requests.onCompleted();
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.OK);
    }

    @Test
    void answersWhatWasSentBeforeHalfClose() throws Exception {
        Answers answers = new Answers();
        StreamObserver<PredictionsRequest> requests = open(answers);
        for (int i = 0; i < 50; i++) {
            requests.onNext(message("s", "" + i).build());
        }
        requests.onCompleted();
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.OK);
        assertThat(answers.messages).hasSize(50);
    }

    /** More than may be without an answer: credit comes back with the answers. */
    @Test
    void takesAnyNumberOfMessages() throws Exception {
        Answers answers = new Answers();
        StreamObserver<PredictionsRequest> requests = open(answers);
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 3 * SequenceCall.MOST_UNANSWERED; i++) {
            requests.onNext(message("s" + i % 3, "" + i).build());
            seen.add(answers.next().getPrediction().toStringUtf8());
        }
        requests.onCompleted();
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.OK);
        assertThat(seen).hasSize(3 * SequenceCall.MOST_UNANSWERED).endsWith("s2 false false data [] 191");
    }

    @Test
    void tellsOfFaultsInMessagesAndGoesOn() throws Exception {
        Answers answers = new Answers();
        StreamObserver<PredictionsRequest> requests = open(answers);
        requests.onNext(message("", "x").clearSequenceId().build());
        assertStatus(answers.next(), Status.Code.INTERNAL, "Parameter sequence_id is required.");
        requests.onNext(message("s", "x").setModelName("echo").build());
        PredictionResponse stateless = answers.next();
        assertThat(stateless.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION.value());
        assertThat(stateless.getStatus().getMessage()).contains("\"echo\" keeps no sequences");
        requests.onNext(message("s", "x").setModelName("nobody").build());
        PredictionResponse unknown = answers.next();
        assertStatus(unknown, Status.Code.INTERNAL, "Model not found: nobody");
        assertThat(unknown.getStatus().getDetails(0).unpack(ErrorInfo.class).getReason())
                .isEqualTo("org.pytorch.serve.archive.model.ModelNotFoundException");
        requests.onNext(message("s", "x").build());
        assertThat(answers.next().hasStatus()).isFalse();
        requests.onCompleted();
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.OK);
    }

    private static void assertStatus(PredictionResponse message, Status.Code code, String text) {
        assertThat(message.getStatus().getMessage()).isEqualTo(text);
        assertThat(message.getStatus().getCode()).isEqualTo(code.value());
    }

    /** Seen to fail when {@code TorchServeGrpc.startDraining} does nothing. */
    @Test
    void streamThatWaitsForItsClientDoesNotHoldUpTheEnd() throws Exception {
        Answers answers = new Answers();
        StreamObserver<PredictionsRequest> requests = open(answers);
        requests.onNext(message("s", "1").build());
        answers.next();
        assertThat(server.drainGrpc(Duration.ofSeconds(20)).toCompletableFuture())
                .succeedsWithin(15, TimeUnit.SECONDS)
                .isEqualTo(true);
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        Awaitility.await().until(() -> answers.end.isDone());
    }
}
