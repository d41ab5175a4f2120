// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.conformance.Row;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tiny text models over HTTP, against what Python's tokenizers, PyTorch and transformers' pipelines made of the same texts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TextServingIT {
    private static final double TOLERANCE = 1e-4;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Path tokenizer = Files.copy(models().resolve("wordpiece.json"), folder.resolve("tokenizer.json"));
        Path labels = Files.copy(models().resolve("token_labels.json"), folder.resolve("index_to_name.json"));
        Path words = Files.copy(models().resolve("vocabularies/vocab.pt"), folder.resolve("source_vocab.pt"));
        String batches = "batchSize: 8\nmaxBatchDelay: 50\nhandler:\n  ";
        Archives.pack(
                folder,
                "classifier",
                "text_classifier",
                batches + "textClassifier: {maxLength: 64}",
                models().resolve("classifier.onnx"),
                tokenizer);
        Archives.pack(
                folder,
                "scripted",
                "text_classifier",
                batches + "textClassifier: {maxLength: 64, inputs: [input_ids, attention_mask, token_type_ids]}",
                models().resolve("classifier.pt"),
                tokenizer);
        Archives.pack(folder, "bag", "text_classifier", "batchSize: 1", models().resolve("bag.pt"), words);
        Archives.pack(
                folder,
                "names",
                "token_classifier",
                batches + "tokenClassifier: {aggregation: simple, maxLength: 64}",
                models().resolve("token_classifier.onnx"),
                tokenizer,
                labels);
        Archives.pack(
                folder,
                "embedding",
                "text_embedding",
                batches + "textEmbedding: {normalize: true, maxLength: 64}",
                models().resolve("embedding.onnx"),
                tokenizer);
        Archives.pack(
                folder,
                "answers",
                "question_answering",
                batches + "questionAnswering: {maxLength: 48, stride: 12, topK: 3}",
                models().resolve("question_answering.onnx"),
                tokenizer);
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "all");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private static Path models() {
        return Distribution.models().resolve("text");
    }

    /** Texts of different lengths at once, so that they share batches and the shorter ones are padded. */
    @ParameterizedTest
    @ValueSource(strings = {"classifier", "scripted"})
    void classifiesTextsOfAllLengthsTogether(String model) throws Exception {
        List<JsonNode> cases = cases("classifier");
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            answers.add(http.sendAsync(text(model, textOf(cases.get(i % 2))), HttpResponse.BodyHandlers.ofString()));
        }
        for (int i = 0; i < answers.size(); i++) {
            JsonNode expected = cases.get(i % 2).path("softmax");
            JsonNode answer = ok(answers.get(i).get(60, TimeUnit.SECONDS));
            for (int label = 0; label < expected.size(); label++) {
                assertThat(answer.path(Integer.toString(label)).doubleValue())
                        .isCloseTo(expected.get(label).doubleValue(), within(TOLERANCE));
            }
        }
    }

    @Test
    void cutsLongTextsAtTheModelsLength() throws Exception {
        JsonNode known = cases("classifier").get(3);
        JsonNode answer = ok(send(text("classifier", textOf(known))));

        assertThat(answer.path("0").doubleValue())
                .isCloseTo(known.path("softmax").get(0).doubleValue(), within(TOLERANCE));
    }

    /** "good day", whose words and pair are numbers 2, 3 and 4. */
    @Test
    @Row(76)
    void classifiesBagsOfWordsAsTorchServeDoes() throws Exception {
        JsonNode expected = cases("bag").get(0).path("softmax");
        JsonNode answer = ok(send(text("bag", "<b>Good</b> Day!")));

        for (int label = 0; label < expected.size(); label++) {
            assertThat(answer.path(Integer.toString(label)).doubleValue())
                    .isCloseTo(expected.get(label).doubleValue(), within(TOLERANCE));
        }
    }

    @Test
    void findsNames() throws Exception {
        for (JsonNode known : cases("token_classifier")) {
            assertSame(ok(send(text("names", textOf(known)))), known.path("simple"));
        }
    }

    @Test
    void embedsSeveralTexts() throws Exception {
        List<JsonNode> cases = cases("embedding");
        String body = JSON.writeValueAsString(
                cases.stream().map(TextServingIT::textOf).toList());
        JsonNode answer = ok(send(json("embedding", body)));

        for (int i = 0; i < cases.size(); i++) {
            assertSame(answer.get(i), cases.get(i).path("normalizedMean"));
        }
    }

    @Test
    void answersQuestionsAboutLongTexts() throws Exception {
        for (JsonNode known : cases("question_answering")) {
            if (known.path("topK").intValue() == 3) {
                ObjectNode body = JSON.createObjectNode();
                body.set("question", known.path("question"));
                body.set("context", known.path("context"));
                assertSame(ok(send(json("answers", body.toString()))), known.path("answer"));
            }
        }
    }

    @Test
    void refusesQuestionsThatLeaveNoRoom() throws Exception {
        String body = "{\"question\": \"" + "why ".repeat(100) + "\", \"context\": \"the day\"}";
        HttpResponse<String> answer = send(json("answers", body));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("first text: more than 48 tokens (expected: at most ");
    }

    private static List<JsonNode> cases(String name) throws Exception {
        List<JsonNode> cases = new ArrayList<>();
        JSON.readTree(models().resolve(name + ".json").toFile()).forEach(cases::add);
        return cases;
    }

    private static String textOf(JsonNode known) {
        return known.path("text").textValue();
    }

    private HttpRequest text(String model, String text) {
        return request(model, "text/plain", text);
    }

    private HttpRequest json(String model, String body) {
        return request(model, "application/json", body);
    }

    private HttpRequest request(String model, String type, String body) {
        URI uri = server.inference("/predictions/" + model);
        return HttpRequest.newBuilder(uri)
                .header("Content-Type", type)
                .timeout(Duration.ofSeconds(60))
                .POST(HttpRequest.BodyPublishers.ofString(body, UTF_8))
                .build();
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode ok(HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private static void assertSame(JsonNode actual, JsonNode expected) {
        assertThat(actual.size()).as(actual + " against " + expected).isEqualTo(expected.size());
        if (expected.isObject()) {
            expected.fieldNames().forEachRemaining(name -> assertSame(actual.path(name), expected.path(name)));
        } else if (expected.isArray()) {
            for (int i = 0; i < expected.size(); i++) {
                assertSame(actual.get(i), expected.get(i));
            }
        } else if (expected.isDouble()) {
            assertThat(actual.doubleValue()).isCloseTo(expected.doubleValue(), within(TOLERANCE));
        } else {
            assertThat(actual).isEqualTo(expected);
        }
    }
}
