// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.api.torchserve.openinference.GRPCInferenceServiceGrpc;
import dev.sluice.api.torchserve.openinference.InferTensorContents;
import dev.sluice.api.torchserve.openinference.ModelInferRequest;
import dev.sluice.api.torchserve.openinference.ModelInferResponse;
import dev.sluice.conformance.Row;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tensors on their way to a Python handler and back, and the envelopes that Python handlers are put into. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonTensorsIT {
    private Path store;
    private Path folder;
    private SluiceServer server;
    private ManagedChannel channel;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws Exception {
        folder = temporary;
        store = Files.createDirectory(folder.resolve("store"));
        // The standard library alone: what a handler gets without NumPy is a memoryview with the shape.
        PythonArchives.named("tensors")
                .source("tensors.py", """
                import array

                def handle(data, context):
                    if data is None:
                        return None
                    return [answer(row) for row in data]

                def answer(row):
                    x = row["x"]
                    if type(x).__name__ == "ndarray":
                        return {"doubled": x * 2}
                    rows, columns = x.shape
                    doubled = array.array("f", [2 * x[i, j] for i in range(rows) for j in range(columns)])
                    return {"doubled": memoryview(doubled).cast("B").cast("f", (rows, columns))}
                """)
                .configuration("minWorkers: 1\nmaxWorkers: 1\n")
                .mar(store);
        PythonArchives.pack(store, "seen", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        // Twice what it is given, whatever list that is.
        PythonArchives.named("twice")
                .source("twice.py", """
                def handle(data, context):
                    if data is None:
                        return None
                    return [one(row) for row in data]

                def one(value):
                    if isinstance(value, dict):
                        value = value.get("data", value.get("body"))
                    return [one(each) if isinstance(each, list) else 2 * each for each in value]
                """)
                .configuration("minWorkers: 1\nmaxWorkers: 1\n")
                .mar(store);
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "tensors.mar,seen.mar",
                "--set",
                "drain_delay=0",
                "--set",
                "ts_open_inference_protocol=true");
        channel = Grpc.newChannelBuilder(server.grpcInference(), InsecureChannelCredentials.create())
                .build();
    }

    @AfterAll
    void stopServer() {
        channel.shutdownNow();
        server.close();
    }

    @Test
    @Row(60)
    void tensorsOverGrpcComeAsViewsAndGoAsTensors() {
        var stub = GRPCInferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
        for (int i = 1; i <= 3; i++) {
            ModelInferResponse answer = stub.modelInfer(ModelInferRequest.newBuilder()
                    .setModelName("tensors")
                    .setId("7")
                    .addInputs(ModelInferRequest.InferInputTensor.newBuilder()
                            .setName("x")
                            .setDatatype("FP32")
                            .addShape(1)
                            .addShape(2)
                            .setContents(InferTensorContents.newBuilder()
                                    .addFp32Contents(1.5f * i)
                                    .addFp32Contents(-2)))
                    .build());

            assertThat(answer.getId()).isEqualTo("7");
            assertThat(answer.getOutputs(0).getName()).isEqualTo("doubled");
            assertThat(answer.getOutputs(0).getDatatype()).isEqualTo("FP32");
            assertThat(answer.getOutputs(0).getShapeList()).containsExactly(1L, 2L);
            assertThat(answer.getOutputs(0).getContents().getFp32ContentsList()).containsExactly(3f * i, -4f);
        }
    }

    @Test
    @Row(26)
    void openInferenceOverRestIsHandedOnAsTheJsonItIs() throws Exception {
        JsonNode seen =
                ok(new Calls(server).send("POST", "/v2/models/seen/infer", """
                {"id": "9", "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4.5]}]}
                """, "content-type", "application/json"));

        assertThat(seen.at("/inputs/body/type").asText()).isEqualTo("dict");
        assertThat(seen.at("/inputs/body/value/id").asText()).isEqualTo("9");
        assertThat(seen.at("/inputs/body/value/inputs/0/data/3").asDouble()).isEqualTo(4.5);
    }

    private JsonNode inEnvelope(String envelope, String path, String body) throws Exception {
        try (SluiceServer other = SluiceServer.start(
                store,
                Files.createDirectories(folder.resolve(envelope)).resolve("log"),
                "--models",
                "twice.mar",
                "--set",
                "drain_delay=0",
                "--set",
                "service_envelope=" + envelope)) {
            HttpResponse<String> answer = new Calls(other).send("POST", path, body, "content-type", "application/json");
            return ok(answer);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Row(77)
    void theJsonEnvelope() throws Exception {
        JsonNode answer = inEnvelope("json", "/predictions/twice", "{\"instances\": [[1, 2], [3]]}");

        assertThat(answer.toString()).isEqualTo("{\"predictions\":[[2,4],[6]]}");
    }

    @Test
    @Row(77)
    void theBodyEnvelope() throws Exception {
        assertThat(inEnvelope("body", "/predictions/twice", "[1, [2]]").toString())
                .isEqualTo("[2,[4]]");
    }

    @Test
    @Row({26, 77})
    void theKserveEnvelope() throws Exception {
        JsonNode answer = inEnvelope("kserve", "/v1/models/twice:predict", "{\"instances\": [[1, 2], [3]]}");

        assertThat(answer.toString()).isEqualTo("{\"predictions\":[[2,4],[6]]}");
    }
}
