// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TorchServe's management calls, over HTTP. Each test has the server to itself: they change what others would see. */
class TorchServeManagementIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> FIELDS = List.of(
            "modelName",
            "modelVersion",
            "modelUrl",
            "runtime",
            "minWorkers",
            "maxWorkers",
            "batchSize",
            "maxBatchDelay",
            "responseTimeout",
            "startupTimeout",
            "maxRetryTimeoutInSec",
            "clientTimeoutInMills",
            "parallelType",
            "parallelLevel",
            "deviceType",
            "continuousBatching",
            "useJobTicket",
            "useVenv",
            "stateful",
            "sequenceMaxIdleMSec",
            "sequenceTimeoutMSec",
            "maxNumSequence",
            "maxSequenceJobQueueSize",
            "loadedAtStartup",
            "workers",
            "jobQueueStatus");

    private final Client client = new Client();
    private SluiceServer server;

    @BeforeEach
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Probe.pack(store, "m", "1.0", "");
        Probe.pack(store, "m", "2.0", "");
        Probe.pack(store, "a", "1.0", "");
        Probe.pack(store, "b", "1.0", "");
        Probe.pack(store, "failing", "1.0", "handler: {probe: {fails: true}}\n");
        server = SluiceServer.start(store, folder.resolve("log"), "--set", "drain_delay=0");
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private HttpResponse<String> call(String method, String path) throws Exception {
        return client.send(method, server.management(path), new byte[0]);
    }

    private void isOk(HttpResponse<String> answer, int status, String text) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(JSON.readTree(answer.body()).path("status").asText()).isEqualTo(text);
    }

    private void isError(HttpResponse<String> answer, int status, String type, String message) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        JsonNode error = JSON.readTree(answer.body());
        assertThat(error.path("type").asText()).isEqualTo(type);
        assertThat(error.path("message").asText()).startsWith(message);
    }

    private JsonNode described(String path) throws Exception {
        return JSON.readTree(call("GET", path).body());
    }

    @Test
    @Row({30, 33})
    void registersAModelOnceWithoutWorkers() throws Exception {
        isOk(
                call("POST", "/models?url=m.mar"),
                200,
                "Model \"m\" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the"
                        + " model.");
        isError(
                call("POST", "/models?url=m.mar"),
                409,
                "ConflictStatusException",
                "Model version 1.0 is already registered for model m");
    }

    @Test
    @Row({31, 32})
    void registersAndWaitsForWorkersOrNot() throws Exception {
        isOk(
                call("POST", "/models?url=a.mar&initial_workers=1&synchronous=true"),
                200,
                "Model \"a\" Version: 1.0 registered with 1 initial workers");
        isOk(
                call("POST", "/models?url=b.mar&initial_workers=1&synchronous=false"),
                202,
                "Processing worker updates...");
    }

    @Test
    @Row(35)
    void refusesWhatIsNotThereOrNotAllowed() throws Exception {
        isError(call("POST", "/models"), 400, "BadRequestException", "Parameter url is required.");
        isError(
                call("POST", "/models?url=absent.mar"),
                404,
                "ModelNotFoundException",
                "Model not found at: absent.mar");
        isError(
                call("POST", "/models?url=https://models.invalid/m.mar"),
                404,
                "ModelNotFoundException",
                "Given URL https://models.invalid/m.mar does not match any allowed URL(s)");
        isError(
                call("POST", "/models?url=../m.mar"),
                404,
                "ModelNotFoundException",
                "Relative path is not allowed in url: ../m.mar");
    }

    @Test
    @Row(37)
    void leavesNothingBehindOfARegistrationThatFails() throws Exception {
        isError(
                call("POST", "/models?url=failing.mar&initial_workers=1"),
                500,
                "InternalServerException",
                "Failed to start workers for model failing version: 1.0");
        isError(call("GET", "/models/failing"), 404, "ModelNotFoundException", "Model not found: failing");
    }

    @Test
    @Row({38, 39})
    void scales() throws Exception {
        call("POST", "/models?url=m.mar");

        isOk(call("PUT", "/models/m?min_worker=2"), 202, "Processing worker updates...");
        isOk(call("PUT", "/models/m?min_worker=2&synchronous=true"), 200, "Workers scaled to 2 for model: m");
        isOk(
                call("PUT", "/models/m/1.0?min_worker=1&synchronous=true"),
                200,
                "Workers scaled to 1 for model: m, version: 1.0");
        isError(
                call("PUT", "/models/m?min_worker=2&max_worker=1"),
                400,
                "BadRequestException",
                "max_worker cannot be less than min_worker.");
        isError(call("PUT", "/models/no?min_worker=1"), 404, "ModelNotFoundException", "Model not found: no");
        isError(
                call("PUT", "/models/m/7?min_worker=1"),
                404,
                "ModelVersionNotFoundException",
                "Model version: 7 does not exist for model: m");
    }

    @Test
    @Row({40, 41})
    void describes() throws Exception {
        call("POST", "/models?url=m.mar&initial_workers=1&batch_size=3");
        call("POST", "/models?url=m-2.0.mar");

        JsonNode one = described("/models/m");
        assertThat(one.isArray()).isTrue();
        assertThat(one).hasSize(1);
        List<String> names = new ArrayList<>();
        one.get(0).fieldNames().forEachRemaining(names::add);
        assertThat(names).isEqualTo(FIELDS);
        assertThat(one.at("/0/batchSize").asInt()).isEqualTo(3);
        assertThat(one.at("/0/workers/0/status").asText()).isEqualTo("READY");
        assertThat(described("/models/m/all")).hasSize(2);
        JsonNode custom = described("/models/m?customized=true").get(0);
        assertThat(custom.path("customizedMetadata").at("/headers/describe").asText())
                .isEqualTo("True");
    }

    @Test
    @Row(42)
    void listsPageByPage() throws Exception {
        for (String model : List.of("m.mar", "a.mar", "b.mar")) {
            call("POST", "/models?url=" + model);
        }
        JsonNode first = described("/models?limit=2");
        JsonNode second = described("/models?limit=2&next_page_token=2");

        assertThat(first.path("nextPageToken").asText()).isEqualTo("2");
        assertThat(first.path("models").findValuesAsText("modelName")).containsExactly("a", "b");
        assertThat(second.has("nextPageToken")).isFalse();
        assertThat(second.path("models").findValuesAsText("modelName")).containsExactly("m");
    }

    @Test
    @Row({43, 44})
    void changesTheDefaultAndUnregisters() throws Exception {
        call("POST", "/models?url=m.mar&initial_workers=1");
        call("POST", "/models?url=m-2.0.mar&initial_workers=1");

        isOk(
                call("PUT", "/models/m/2.0/set-default"),
                200,
                "Default version successfully updated for model \"m\" to \"2.0\"");
        JsonNode answer = JSON.readTree(
                client.post(server.inference("/predictions/m"), new byte[0]).body());
        assertThat(answer.path("version").asText()).isEqualTo("2.0");
        isError(
                call("DELETE", "/models/m/2.0"),
                403,
                "InvalidModelVersionException",
                "Cannot remove default version for model m");
        isOk(call("DELETE", "/models/m/1.0"), 200, "Model \"m\" unregistered");
        isOk(call("DELETE", "/models/m"), 200, "Model \"m\" unregistered");
        isError(call("DELETE", "/models/m"), 404, "ModelNotFoundException", "Model not found: m");
    }

    @Test
    @Row(45)
    void answersKServesReadinessProbe() throws Exception {
        call("POST", "/models?url=m.mar&initial_workers=1");

        HttpResponse<String> answer = call("GET", "/v1/models/m");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body())).isEqualTo(JSON.readTree("{\"name\": \"m\", \"ready\": true}"));
        isError(call("GET", "/v1/models/no"), 404, "ModelNotFoundException", "Model not found: no");
    }

    @Test
    @Row(28)
    void describesItsInterface() throws Exception {
        JsonNode document = JSON.readTree(call("OPTIONS", "/").body());

        assertThat(document.path("openapi").asText()).isEqualTo("3.0.1");
        assertThat(document.path("paths").at("/~1models/post/operationId").asText())
                .isEqualTo("registerModel");
    }
}
