// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** TorchServe's inference calls, over HTTP, against a handler that says what reached it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TorchServeInferenceIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Client client = new Client();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private Path folder;
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws Exception {
        folder = temporary;
        Path store = Files.createDirectory(folder.resolve("store"));
        Probe.pack(store, "m", "1.0", "minWorkers: 1\nmaxWorkers: 1\n");
        Probe.pack(store, "m", "2.0", "minWorkers: 1\nmaxWorkers: 1\n");
        Probe.pack(store, "idle", "1.0", "");
        Probe.pack(store, "narrow", "1.0", "minWorkers: 1\nmaxWorkers: 1\njobQueueSize: 1\n");
        Probe.pack(store, "hurried", "1.0", "minWorkers: 1\nmaxWorkers: 1\nclientTimeoutInMills: 200\n");
        Probe.pack(store, "wide", "1.0", "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 4\nmaxBatchDelay: 200\n");
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "m.mar,m-2.0.mar,narrow.mar,hurried.mar,wide.mar",
                "--set",
                "max_request_size=100000");
        register("idle.mar");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private void register(String archive) throws Exception {
        assertThat(client.post(server.management("/models?url=" + archive), new byte[0])
                        .statusCode())
                .isEqualTo(200);
    }

    private HttpResponse<String> send(String method, String path, String body, String... headers) throws Exception {
        return http.send(request(method, path, body, headers), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.inference(path))
                .timeout(Duration.ofSeconds(60))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    private HttpResponse<String> post(String path, String body, String... headers) throws Exception {
        return send("POST", path, body, headers);
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return JSON.readTree(response.body());
    }

    private static void isError(HttpResponse<String> response, int status, String type, String message)
            throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        JsonNode error = json(response);
        assertThat(error.path("code").asInt()).isEqualTo(status);
        assertThat(error.path("type").asText()).isEqualTo(type);
        assertThat(error.path("message").asText()).isEqualTo(message);
    }

    @Test
    @Row(3)
    void pingSaysHealthy() throws Exception {
        HttpResponse<String> answer = client.get(server.inference("/ping"));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\n  \"status\": \"Healthy\"\n}\n");
        assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    }

    @Test
    @Row(4)
    void refusesAPathNobodyServes() throws Exception {
        isError(
                client.get(server.inference("/nope")),
                404,
                "ResourceNotFoundException",
                "Requested resource is not found, please refer to API document.");
    }

    @Test
    @Row(5)
    void handsARawBodyOverAsBody() throws Exception {
        HttpResponse<String> answer = send("PUT", "/predictions/m", "raw bytes");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).at("/inputs/body/text").asText()).isEqualTo("raw bytes");
    }

    @Test
    @Row({6, 8})
    void handsPartsOverByName() throws Exception {
        String body = """
                --b
                Content-Disposition: form-data; name="data"; filename="img.jpg"
                Content-Type: image/jpeg

                JPEG
                --b
                Content-Disposition: form-data; name="field"

                {"a":1}
                --b--
                """.replace("\n", "\r\n");
        JsonNode told = json(post("/predictions/m", body, "content-type", "multipart/form-data; boundary=b"));

        assertThat(told.at("/inputs/data/text").asText()).isEqualTo("JPEG");
        assertThat(told.at("/inputs/data/type").asText()).isEqualTo("image/jpeg");
        assertThat(told.at("/inputs/field/text").asText()).isEqualTo("{\"a\":1}");
        assertThat(told.at("/inputs/field/type").asText()).isEmpty();
    }

    @Test
    @Row({7, 8})
    void handsJsonOverAsJsonAlsoWhenCurlCallsItAForm() throws Exception {
        JsonNode typed = json(post("/predictions/m", "{\"a\":1}", "content-type", "application/json"));
        JsonNode form = json(post("/predictions/m", "{\"a\":1}", "content-type", "application/x-www-form-urlencoded"));

        assertThat(typed.at("/inputs/body/type").asText()).isEqualTo("application/json");
        assertThat(form.at("/inputs/body/text").asText()).isEqualTo("{\"a\":1}");
        assertThat(form.at("/inputs/body/type").asText()).isEqualTo("application/json");
    }

    @Test
    @Row(9)
    void asksTheVersionThatIsNamed() throws Exception {
        assertThat(json(post("/predictions/m/2.0", "x")).path("version").asText())
                .isEqualTo("2.0");
        assertThat(json(post("/predictions/m", "x")).path("version").asText()).isEqualTo("1.0");
        isError(
                post("/predictions/m/9", "x"),
                404,
                "ModelVersionNotFoundException",
                "Model version: 9 does not exist for model: m");
    }

    @Test
    @Row(10)
    void handsTheRestOfThePathOver() throws Exception {
        JsonNode told = json(post("/predictions/m/1.0/v1/chat/completions", "x"));

        assertThat(told.at("/headers/url_path").asText()).isEqualTo("v1/chat/completions");
    }

    @Test
    @Row(11)
    void tellsTheHandlerToExplain() throws Exception {
        assertThat(json(post("/explanations/m", "x")).at("/headers/explain").asText())
                .isEqualTo("True");
        assertThat(json(post("/explanations/m/2.0", "x")).path("version").asText())
                .isEqualTo("2.0");
        assertThat(json(post("/predictions/m", "x")).at("/headers/explain").asText())
                .isEqualTo("False");
    }

    @Test
    @Row({12, 13})
    void putsTheUsualHeadersOnAnAnswerAndNoContentTypeThatNobodySet() throws Exception {
        HttpResponse<String> answer = post("/predictions/m", "x");

        assertThat(answer.headers().firstValue("x-request-id").orElse(""))
                .matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
        assertThat(answer.headers().firstValue("pragma")).contains("no-cache");
        assertThat(answer.headers().firstValue("cache-control"))
                .contains("no-cache; no-store, must-revalidate, private");
        assertThat(answer.headers().firstValue("expires")).contains("Thu, 01 Jan 1970 00:00:00 UTC");
        assertThat(answer.headers().firstValue("content-type")).isEmpty();
    }

    @Test
    @Row(14)
    void sendsTheStatusAndHeadersOfTheHandler() throws Exception {
        String answer = RawHttp.exchange(
                server.inference("/predictions/m"), "POST", "probe: status 599 odd thing\r\n", "x".getBytes(UTF_8));

        assertThat(answer).startsWith("HTTP/1.1 599 odd thing\r\n");
        assertThat(RawHttp.header(answer, "dummy")).isEqualTo("1");
    }

    @Test
    @Row(15)
    void saysThatAHandlerFailed() throws Exception {
        isError(post("/predictions/m", "x", "probe", "throw"), 503, "InternalServerException", "Prediction failed");
    }

    @Test
    @Row(16)
    void sendsTheStatusAndWordsOfAHandlerThatRefuses() throws Exception {
        isError(
                post("/predictions/m", "x", "probe", "refuse 513 not today"),
                513,
                "InternalServerException",
                "not today");
    }

    @Test
    @Row(18)
    void saysThatMemoryRanOut() throws Exception {
        isError(post("/predictions/m", "x", "probe", "memory"), 507, "InternalServerException", "Out of resources");
    }

    @Test
    @Row(20)
    void saysThatAModelHasNoWorkers() throws Exception {
        HttpResponse<String> answer = post("/predictions/idle", "x");

        isError(
                answer,
                503,
                "ServiceUnavailableException",
                "Model \"idle\" has no worker to serve inference request. Please use scale workers API to add workers. If"
                        + " this is a sequence inference, please check if it is closed, or expired; or exceeds"
                        + " maxSequenceJobQueueSize");
    }

    @Test
    @Row(21)
    void turnsAwayWhatDoesNotFitInTheQueue() throws Exception {
        Path gate = folder.resolve("gate");
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        answers.add(throughTheGate(gate));
        // It runs, and no longer waits; of the next two, one waits, and the other is refused while both do.
        awaitFile(Path.of(gate + ".awaited"));
        answers.add(throughTheGate(gate));
        answers.add(throughTheGate(gate));
        Object refused = CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new))
                .get(60, TimeUnit.SECONDS);
        assertThat(((HttpResponse<?>) refused).statusCode()).isEqualTo(503);

        Files.createFile(gate);
        List<Integer> statuses = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            awaitOpening(gate, answer);
            statuses.add(answer.get(60, TimeUnit.SECONDS).statusCode());
        }
        assertThat(statuses).containsExactlyInAnyOrder(200, 200, 503);
    }

    private CompletableFuture<HttpResponse<String>> throughTheGate(Path gate) throws Exception {
        return http.sendAsync(
                request("POST", "/predictions/narrow", "x", "probe", "until " + gate),
                HttpResponse.BodyHandlers.ofString());
    }

    private static void awaitFile(Path file) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (Files.notExists(file) && System.nanoTime() < end) {
            Object unused = new CompletableFuture<>()
                    .completeOnTimeout(null, 5, TimeUnit.MILLISECONDS)
                    .get(60, TimeUnit.SECONDS);
        }
        assertThat(file).exists();
    }

    /** Each run takes the file away, so the next one needs another. */
    private static void awaitOpening(Path gate, CompletableFuture<?> answer) throws Exception {
        while (!answer.isDone()) {
            if (Files.notExists(gate)) {
                Files.createFile(gate);
            }
            CompletableFuture<?> unused = answer.copy().completeOnTimeout(null, 20, TimeUnit.MILLISECONDS);
            Object ignored = unused.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    @Row(80)
    void answersWhatWaitedForTooLong() throws Exception {
        Path gate = folder.resolve("hurry");
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            answers.add(http.sendAsync(
                    request("POST", "/predictions/hurried", "x", "probe", "until " + gate),
                    HttpResponse.BodyHandlers.ofString()));
        }
        // Whichever of the two runs, the other one waits for longer than it may.
        Object late = CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new))
                .get(60, TimeUnit.SECONDS);
        Files.createFile(gate);

        assertThat(((HttpResponse<?>) late).statusCode()).isEqualTo(408);
        assertThat(String.valueOf(((HttpResponse<?>) late).body())).contains("RequestTimeoutException");
        List<Integer> statuses = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            statuses.add(answer.get(60, TimeUnit.SECONDS).statusCode());
        }
        assertThat(statuses).containsExactlyInAnyOrder(200, 408);
    }

    @Test
    @Row(22)
    void refusesABodyThatIsTooLarge() throws Exception {
        HttpResponse<String> answer = post("/predictions/m", "x".repeat(100_001));

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(json(answer).path("type").asText()).isEqualTo("RequestEntityTooLargeException");
    }

    @Test
    @Row(23)
    void sendsEachPartOfAStreamAsAChunk() throws Exception {
        String answer = RawHttp.exchange(
                server.inference("/predictions/m"), "POST", "probe: stream 3\r\n", "x".getBytes(UTF_8));

        assertThat(RawHttp.header(answer, "transfer-encoding")).isEqualTo("chunked");
        assertThat(answer).endsWith("\r\n\r\n7\r\npart-0;\r\n7\r\npart-1;\r\n7\r\npart-2;\r\n3\r\nend\r\n0\r\n\r\n");
    }

    @Test
    @Row(23)
    void breaksOffAStreamThatFails() throws Exception {
        String answer =
                RawHttp.exchange(server.inference("/predictions/m"), "POST", "probe: break 2\r\n", "x".getBytes(UTF_8));

        assertThat(answer).endsWith("7\r\npart-1;\r\n").doesNotContain("0\r\n\r\n");
    }

    @Test
    @Row(24)
    void answersSageMakersMultiModelRoute() throws Exception {
        assertThat(json(post("/models/m/invoke?extra=1", "x"))
                        .at("/inputs/extra/text")
                        .asText())
                .isEqualTo("1");
        assertThat(json(post("/invocations?model_name=m", "x"))
                        .at("/inputs/body/text")
                        .asText())
                .isEqualTo("x");
        isError(
                post("/invocations", "x", "content-type", "text/plain"),
                400,
                "BadRequestException",
                "Parameter model_name is required.");
    }

    @Test
    @Row(25)
    void answersTheLegacyRoute() throws Exception {
        assertThat(json(client.get(server.inference("/m/predict?data=x")))
                        .at("/inputs/data/text")
                        .asText())
                .isEqualTo("x");
        assertThat(json(client.get(server.inference("/m/2.0/predict?data=x")))
                        .path("version")
                        .asText())
                .isEqualTo("2.0");
    }

    @Test
    @Row(28)
    void describesItsInterface() throws Exception {
        HttpResponse<String> answer = send("OPTIONS", "/", "");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).path("openapi").asText()).isEqualTo("3.0.1");
        assertThat(json(answer).at("/info/title").asText()).isEqualTo("TorchServe APIs");
        assertThat(json(answer).path("paths").properties())
                .extracting(Map.Entry::getKey)
                .contains("/ping", "/predictions/{model_name}", "/predictions/{model_name}/{model_version}");
        isError(
                client.get(server.inference("/")),
                405,
                "MethodNotAllowedException",
                "Requested method is not allowed, please refer to API document.");
    }

    @Test
    @Row(29)
    void describesAModelsInterface() throws Exception {
        JsonNode document = json(send("OPTIONS", "/predictions/m", ""));

        assertThat(document.at("/info/title").asText()).isEqualTo("RESTful API for: m");
        assertThat(document.path("paths").properties())
                .extracting(Map.Entry::getKey)
                .contains("/prediction/m");
    }

    @Test
    @Row(78)
    void gathersARunOfRequestsAndLetsALoneOneWaitNoLongerThanTheDelay() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            answers.add(
                    http.sendAsync(request("POST", "/predictions/wide", "x"), HttpResponse.BodyHandlers.ofString()));
        }
        List<Integer> sizes = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            sizes.add(json(answer.get(60, TimeUnit.SECONDS)).path("batch").asInt());
        }
        assertThat(sizes).as("requests that shared a run").anyMatch(size -> size > 1);
        assertThat(json(post("/predictions/wide", "x")).path("batch").asInt()).isEqualTo(1);
    }
}
