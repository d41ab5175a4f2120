// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc.InferenceAPIsServiceBlockingStub;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.conformance.Row;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Answers of Python handlers that come in parts, over HTTP and gRPC, and what gRPC makes of the other ones. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonStreamsIT {
    /** Three parts, and the last as what the handler returns. */
    private static final String STREAM = """
            from ts.handler_utils.utils import send_intermediate_predict_response
            for part in range(3):
                send_intermediate_predict_response(
                    ["part-%d;" % part] * len(data), context.request_ids, "Intermediate Prediction success", 200, context)
            """;

    private SluiceServer server;
    private Calls calls;
    private ManagedChannel channel;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.pack(store, "m", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        PythonArchives.named("pair")
                .source("pair.py", """
                from ts.handler_utils.utils import send_intermediate_predict_response

                def handle(data, context):
                    if data is None:
                        return None
                    names = [bytes(row["body"]).decode() for row in data]
                    for part in range(2):
                        send_intermediate_predict_response(
                            ["%s%d" % (name, part) for name in names], context.request_ids, "m", 200, context)
                    return [name + "end" for name in names]
                """)
                .configuration("minWorkers: 1\nmaxWorkers: 1\nbatchSize: 2\nmaxBatchDelay: 500\n")
                .mar(store);
        server = SluiceServer.start(
                store, folder.resolve("log"), "--models", "m.mar,pair.mar", "--set", "drain_delay=0");
        calls = new Calls(server);
        channel = Grpc.newChannelBuilder(server.grpcInference(), InsecureChannelCredentials.create())
                .build();
    }

    @AfterAll
    void stopServer() {
        channel.shutdownNow();
        server.close();
    }

    private String raw(String model, String python) throws IOException {
        return RawHttp.exchange(
                server.inference("/predictions/" + model), "POST", "python: 1\r\n", python.getBytes(UTF_8));
    }

    private InferenceAPIsServiceBlockingStub inference() {
        return InferenceAPIsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static PredictionsRequest request(String python) {
        return PredictionsRequest.newBuilder()
                .setModelName("m")
                .putInput("python", ByteString.copyFromUtf8(python))
                .build();
    }

    @Test
    @Row(23)
    void eachPartIsAChunk() throws Exception {
        String answer = raw("m", STREAM + "return 'end'");

        assertThat(RawHttp.header(answer, "transfer-encoding")).isEqualTo("chunked");
        assertThat(answer)
                .startsWith("HTTP/1.1 200")
                .endsWith("\r\n\r\n7\r\npart-0;\r\n7\r\npart-1;\r\n7\r\npart-2;\r\n3\r\nend\r\n0\r\n\r\n");
    }

    @Test
    @Row(23)
    void anExceptionAfterTheFirstPartBreaksTheAnswerOff() throws Exception {
        String answer = raw("m", STREAM + "raise ValueError('late')");

        assertThat(answer).contains("7\r\npart-2;\r\n").doesNotContain("0\r\n\r\n", "HTTP/1.1 503");
        assertThat(calls.run("m", "return 'fine'").body()).isEqualTo("fine");
    }

    @Test
    void requestsOfOneBatchStreamEachItsOwnParts() throws Exception {
        CompletableFuture<HttpResponse<String>> first = calls.begin("pair", "a");
        CompletableFuture<HttpResponse<String>> second = calls.begin("pair", "b");

        assertThat(Calls.get(first).body()).isEqualTo("a0a1aend");
        assertThat(Calls.get(second).body()).isEqualTo("b0b1bend");
    }

    @Test
    @Row(55)
    void eachPartIsAMessageOfGrpc() {
        List<String> parts = new ArrayList<>();
        inference()
                .streamPredictions(request(STREAM + "return 'end'"))
                .forEachRemaining(part -> parts.add(part.getPrediction().toStringUtf8()));

        assertThat(parts).containsExactly("part-0;", "part-1;", "part-2;", "end");
    }

    @Test
    @Row(55)
    void oneAnswerIsOneMessage() {
        assertThat(inference().streamPredictions(request("return 'all'")))
                .toIterable()
                .singleElement()
                .satisfies(
                        part -> assertThat(part.getPrediction().toStringUtf8()).isEqualTo("all"));
    }

    @Test
    @Row(53)
    void grpcGivesBytesAndNeverDecodes() {
        String seen = inference()
                .predictions(PredictionsRequest.newBuilder()
                        .setModelName("m")
                        .putInput("data", ByteString.copyFromUtf8("{\"a\":1}"))
                        .build())
                .getPrediction()
                .toStringUtf8();

        assertThat(seen).contains("\"type\": \"bytearray\"").contains("{\\\"a\\\":1}");
    }

    @Test
    @Row(57)
    void grpcTellsWhatFailed() {
        fails(Status.Code.UNAVAILABLE, "Prediction failed", "raise ValueError('x')");
        fails(Status.Code.NOT_FOUND, "not here", "raise PredictionException('not here', 404)");
        fails(Status.Code.NOT_FOUND, "not mine", "return PredictionException('not mine', 404)");
    }

    private void fails(Status.Code code, String text, String python) {
        StatusRuntimeException failure = catchThrowableOfType(
                StatusRuntimeException.class, () -> inference().predictions(request(python)));
        assertThat(failure.getStatus().getCode()).isEqualTo(code);
        assertThat(failure.getStatus().getDescription()).startsWith(text);
    }
}
