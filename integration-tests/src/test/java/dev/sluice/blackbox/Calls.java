// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Requests to the models of one server, and what its operators see of their workers. May be used by any thread. */
final class Calls {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final SluiceServer server;

    Calls(SluiceServer server) {
        this.server = server;
    }

    private HttpRequest request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.inference(path))
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    HttpResponse<String> send(String method, String path, String body, String... headers) throws Exception {
        return http.send(request(method, path, body, headers), BodyHandlers.ofString());
    }

    HttpResponse<String> predict(String model, String body, String... headers) throws Exception {
        return send("POST", "/predictions/" + model, body, headers);
    }

    /** Has {@code probe.py} run a function's body. */
    HttpResponse<String> run(String model, String python) throws Exception {
        return predict(model, python, "python", "yes");
    }

    CompletableFuture<HttpResponse<String>> begin(String model, String body, String... headers) {
        return http.sendAsync(request("POST", "/predictions/" + model, body, headers), BodyHandlers.ofString());
    }

    CompletableFuture<HttpResponse<String>> beginRun(String model, String python) {
        return begin(model, python, "python", "yes");
    }

    static HttpResponse<String> get(CompletableFuture<HttpResponse<String>> answer) throws Exception {
        return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    HttpResponse<String> manage(String method, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(server.management(path))
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return http.send(request, BodyHandlers.ofString());
    }

    /** Registers an archive of the store with one worker that serves when this returns. */
    void register(String archive) throws Exception {
        HttpResponse<String> answer = manage("POST", "/models?url=" + archive + "&initial_workers=1&synchronous=true");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    JsonNode describe(String model) throws Exception {
        HttpResponse<String> answer = manage("GET", "/models/" + model);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Digits.parse(answer.body()).get(0);
    }

    /** The processes of the workers that serve. */
    List<Long> workers(String model) throws Exception {
        List<Long> workers = new ArrayList<>();
        for (JsonNode worker : describe(model).get("workers")) {
            if (worker.get("status").asText().equals("READY")) {
                workers.add(worker.get("pid").asLong());
            }
        }
        return workers;
    }

    /** Waits until so many workers serve, none of them one of {@code dead}. */
    List<Long> awaitWorkers(String model, int count, List<Long> dead) {
        return await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(
                        () -> workers(model),
                        up -> up.size() == count && dead.stream().noneMatch(up::contains));
    }

    /** What an answer holds whose status is 200. */
    static JsonNode ok(HttpResponse<String> answer) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Digits.parse(answer.body());
    }

    static void isError(HttpResponse<String> answer, int status, String message) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        JsonNode error = Digits.parse(answer.body());
        assertThat(error.path("code").asInt()).isEqualTo(status);
        assertThat(error.path("message").asText()).isEqualTo(message);
    }
}
