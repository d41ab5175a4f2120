// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.conformance.Row;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Models that write their answers step by step, that keep a state for each sequence, and that are made of other models. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeamsIT {
    private static final String[] ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen"
                    + " fourteen fifteen sixteen seventeen eighteen nineteen")
            .split(" ");
    private static final String[] TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Path models = Distribution.models();
        Archives.pack(
                folder,
                "spelling",
                "text_generation",
                """
                batchSize: 8
                maxBatchDelay: 0
                handler:
                  textGeneration: {promptEnd: "\\n"}
                """,
                models.resolve("spelling/spelling.onnx"),
                models.resolve("spelling/vocabulary.txt"));
        Archives.pack(folder, "accumulate", "stateful", """
                batchSize: 4
                maxBatchDelay: 0
                sequenceBatching: true
                sequenceMaxIdleMSec: 60000
                maxNumSequence: 3
                maxSequenceJobQueueSize: 200
                """, models.resolve("small/accumulate.onnx"));
        Archives.pack(folder, "double", "base_handler", "maxBatchDelay: 0\n", models.resolve("small/double.onnx"));
        Archives.pack(folder, "fourfold", "composite", """
                handler:
                  composite:
                    steps:
                      once: {model: double, inputs: {body: request}}
                      twice: {model: double, inputs: {body: once}}
                    outputs: {fourfold: twice}
                """);
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "all");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private HttpRequest request(String model, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.inference("/predictions/" + model))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .timeout(Duration.ofSeconds(60));
        return headers.length == 0 ? request.build() : request.headers(headers).build();
    }

    private HttpResponse<String> post(String model, String body, String... headers) throws Exception {
        return http.send(request(model, body, headers), HttpResponse.BodyHandlers.ofString());
    }

    private static String words(int number) {
        if (number < 20) {
            return ONES[number];
        }
        if (number < 100) {
            return TENS[number / 10] + (number % 10 == 0 ? "" : "-" + ONES[number % 10]);
        }
        return ONES[number / 100] + " hundred" + (number % 100 == 0 ? "" : " " + words(number % 100));
    }

    /** All at once, so that answers of four to thirty steps share the instances. */
    @Test
    @Row(82)
    void spellsEveryNumberInStepsThatAnswersShare() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int from = 0; from < 1000; from += 50) {
            answers.clear();
            IntStream.range(from, from + 50)
                    .forEach(number -> answers.add(http.sendAsync(
                            request("spelling", Integer.toString(number)), HttpResponse.BodyHandlers.ofString())));
            for (int i = 0; i < 50; i++) {
                HttpResponse<String> answer = answers.get(i).get();
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo(words(from + i));
            }
        }
    }

    @Test
    void sendsEachPartWhenItIsWritten() throws Exception {
        HttpResponse<InputStream> answer =
                http.send(request("spelling", "777"), HttpResponse.BodyHandlers.ofInputStream());

        assertThat(answer.headers().firstValue("transfer-encoding")).contains("chunked");
        assertThat(answer.headers().firstValue("content-type")).contains("text/plain; charset=utf-8");
        try (InputStream body = answer.body()) {
            assertThat(new String(body.readAllBytes(), UTF_8)).isEqualTo("seven hundred seventy-seven");
        }
    }

    @Test
    void refusesTextTheModelHasNoTokenForBeforeItWritesAnything() throws Exception {
        HttpResponse<String> answer = post("spelling", "4€2");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("'€' at character 1");
    }

    @Test
    void keepsTheStateOfEachSequence() throws Exception {
        for (int i = 1; i <= 3; i++) {
            assertThat(total(post("accumulate", "[1, 10]", "ts_request_sequence_id", "a")))
                    .containsExactly(i, 10 * i);
            assertThat(total(post("accumulate", "[2, 0]", "ts_request_sequence_id", "b")))
                    .containsExactly(2 * i, 0);
        }
        assertThat(total(post("accumulate", "[5, 5]"))).as("of no sequence").containsExactly(5, 5);
        String[] last = {"ts_request_sequence_id", "a", "ts_request_sequence_end", "true"};
        assertThat(total(post("accumulate", "[1, 1]", last))).containsExactly(4, 31);
        assertThat(total(post("accumulate", "[1, 1]", last))).as("a new one").containsExactly(1, 1);
    }

    @Test
    void describesTheBoundsOfSequences() throws Exception {
        HttpResponse<String> described = http.send(
                HttpRequest.newBuilder(server.management("/models/accumulate")).build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(described.body())
                .contains("\"stateful\": true", "\"sequenceMaxIdleMSec\": 60000", "\"maxNumSequence\": 3")
                .contains("\"maxSequenceJobQueueSize\": 200");
    }

    /** A hundred under way at once, whatever connection each takes: the totals must come out as if one after the other. */
    @Test
    @Row(81)
    void runsTheRequestsOfASequenceOneAfterTheOther() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(http.sendAsync(
                    request("accumulate", "[1, 0]", "ts_request_sequence_id", "c"),
                    HttpResponse.BodyHandlers.ofString()));
        }
        List<Double> totals = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            totals.add(total(answer.get())[0]);
        }

        assertThat(totals)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(1, 100).mapToObj(i -> (double) i).toList());
    }

    @Test
    void answersWhatTheStepsOfACompositeModelMakeOfTheRequest() throws Exception {
        assertThat(total(post("fourfold", "[1, 2.5]"))).containsExactly(4, 10);

        HttpResponse<String> refused = post("fourfold", "[1, \"x\"]");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("Step 'once' of model \\\"fourfold\\\"");
    }

    private static double[] total(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Arrays.stream(answer.body().replaceAll("[\\[\\]\\s]", "").split(","))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }
}
