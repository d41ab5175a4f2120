// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text handlers against what transformers' pipelines answered with the same numbers from the model. */
class TextHandlersTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    /** Every text alone, then all in one batch, where the shorter ones are padded. Seen to fail with padding that is attended to. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void classifiesAsTransformersDo(boolean multiLabel) {
        TextReferences model = classifier();
        try (Harness harness =
                attach(new TextClassifierProvider(), model, "textClassifier", Map.of("multiLabel", multiLabel))) {
            List<InferenceRequest> requests = new ArrayList<>();
            for (JsonNode known : model.cases.subList(0, 2)) {
                InferenceRequest request = text(known.path("text").textValue());
                requests.add(request);
                assertScores(parse(harness.text(request)), known.path(multiLabel ? "sigmoid" : "softmax"));
            }
            List<String> together = harness.texts(requests.toArray(InferenceRequest[]::new));
            for (int i = 0; i < together.size(); i++) {
                assertScores(parse(together.get(i)), model.cases.get(i).path(multiLabel ? "sigmoid" : "softmax"));
            }
            assertThat(model.shapes).containsExactly(Shape.of(1, 16), Shape.of(1, 7), Shape.of(2, 16));
            assertThat(model.inputNames).startsWith("attention_mask", "input_ids", "token_type_ids");
        }
        assertThat(model.tokenizerIsClosed).isTrue();
    }

    private static void assertScores(JsonNode answer, JsonNode expected) {
        assertThat(answer.size()).isEqualTo(expected.size());
        for (int i = 0; i < expected.size(); i++) {
            assertThat(answer.path(Integer.toString(i)).doubleValue())
                    .isCloseTo(expected.get(i).doubleValue(), within(1e-5));
        }
    }

    @Test
    void answersTheLikeliestByName() throws IOException {
        Files.writeString(folder.resolve("index_to_name.json"), "{\"0\": \"good\", \"1\": \"bad\", \"2\": \"mixed\"}");
        TextReferences model = classifier();
        try (Harness harness = attach(new TextClassifierProvider(), model, "textClassifier", Map.of("topK", 2))) {
            String answer = harness.text(text(model.cases.get(1).path("text").textValue()));

            assertThat(answer).matches("\\{\n  \"good\": 0\\.53867\\d+,\n  \"bad\": 0\\.43444\\d+\n}");
        }
    }

    @Test
    void takesTextsInEveryForm() {
        TextReferences model = classifier();
        try (Harness harness = attach(new TextClassifierProvider(), model, "textClassifier", Map.of())) {
            String text = model.cases.get(0).path("text").textValue();
            String one = harness.text(text(text));

            assertThat(harness.texts(
                            Harness.request(Harness.content("body", "text/plain; charset=utf-8", utf8(text))),
                            Harness.request(Harness.json("data", quoted(text))),
                            Harness.request(Harness.json("body", "{\"text\": " + quoted(text) + "}")),
                            Harness.request(Harness.json("body", text))))
                    .containsOnly(one);
            assertThat(harness.text(Harness.request(Harness.json("body", "[" + quoted(text) + ", \"\"]"))))
                    .startsWith("[\n  {\n    \"0\": ")
                    .isEqualTo(harness.text(
                            Harness.request(Harness.json("body", "{\"text\": [" + quoted(text) + ", \"\"]}"))));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "5|NUMBER (expected: text, a list of texts, or an object with either as 'text')",
                "[]|an empty list (expected: text, a list of texts, or an object with either as 'text')",
                "[1]|texts[0]: NUMBER (expected: text, a list of texts, or an object with either as 'text')",
                "{\"txt\": \"a\"}|'text': missing (expected: text, a list of texts, or an object with either as 'text')",
                "[\"\",\"\",\"\",\"\"]|texts: 4 (expected: at most 3, maxRows)",
            })
    void refusesOtherJson(String json, String message) {
        try (Harness harness =
                attach(new TextClassifierProvider(), classifier(), "textClassifier", Map.of("maxRows", 3))) {
            assertThat(harness.text(Harness.request(Harness.json("body", json))))
                    .isEqualTo("INVALID_INPUT " + message);
        }
    }

    /** Seen to fail when only vectors asked for tokens: a text without any failed the others in its run. */
    @Test
    void refusesAloneATextWithoutTokens() {
        TextReferences model = classifier();
        try (Harness harness = attach(new TextClassifierProvider(), model, "textClassifier", Map.of())) {
            List<String> answers = harness.texts(
                    text(" "), text(model.cases.get(0).path("text").textValue()));

            assertThat(answers.get(0)).isEqualTo("INVALID_INPUT text: no tokens (expected: one or more)");
            assertThat(answers.get(1)).startsWith("{\n  \"0\": ");
        }
    }

    /** Seen to fail when a text was bounded by what a list of them may have: it was decoded before it was refused. */
    @Test
    void refusesBytesThatAreTooManyForOneText() {
        Map<String, Object> options = Map.of("maxCharacters", 10, "maxRows", 64);
        try (Harness harness = attach(new TextClassifierProvider(), classifier(), "textClassifier", options)) {
            assertThat(harness.text(text("a".repeat(1085))))
                    .isEqualTo(
                            "INVALID_INPUT text: 1085 bytes (expected: at most 1084, 1 of 10 characters, maxCharacters)");
        }
    }

    @Test
    void refusesTextsBeyondTheBounds() {
        Map<String, Object> options = Map.of("maxCharacters", 10, "maxRows", 1);
        try (Harness harness = attach(new TextClassifierProvider(), classifier(), "textClassifier", options)) {
            assertThat(harness.text(text("a".repeat(11))))
                    .isEqualTo("INVALID_INPUT text: 11 characters (expected: at most 10, maxCharacters)");
            assertThat(harness.text(text("a".repeat(5000))))
                    .startsWith("INVALID_INPUT text: 5000 bytes (expected: at most 1084");
            assertThat(harness.text(Harness.request(Harness.content("body", "", new byte[] {(byte) 0xff}))))
                    .isEqualTo("INVALID_INPUT text: 1 bytes that are not UTF-8 (expected: text in UTF-8)");
        }
    }

    @ParameterizedTest
    @CsvSource({"none,none", "simple,simple"})
    void findsEntitiesAsTransformersDo(String aggregation, String reference) throws IOException {
        Files.copy(models().resolve("token_labels.json"), folder.resolve("index_to_name.json"));
        TextReferences model = new TextReferences("token_classifier", DataType.INT32, -1, "logits");
        try (Harness harness =
                attach(new TokenClassifierProvider(), model, "tokenClassifier", Map.of("aggregation", aggregation))) {
            List<InferenceRequest> requests = model.cases.stream()
                    .map(known -> text(known.path("text").textValue()))
                    .toList();
            List<String> together = harness.texts(requests.toArray(InferenceRequest[]::new));
            for (int i = 0; i < requests.size(); i++) {
                JsonNode expected = model.cases.get(i).path(reference);
                assertSame(parse(together.get(i)), expected);
                assertSame(parse(harness.text(requests.get(i))), expected);
            }
            assertThat(model.shapes.get(0)).isEqualTo(Shape.of(4, 23));
        }
    }

    @Test
    void tellsOfIgnoredLabelsIfAsked() throws IOException {
        Files.copy(models().resolve("token_labels.json"), folder.resolve("index_to_name.json"));
        TextReferences model = new TextReferences("token_classifier", DataType.INT64, -1, "logits");
        try (Harness harness =
                attach(new TokenClassifierProvider(), model, "tokenClassifier", Map.of("ignoreLabels", List.of()))) {
            int tokens = model.cases.get(0).path("windows").get(0).path("ids").size();

            assertThat(parse(harness.text(text(model.cases.get(0).path("text").textValue()))))
                    .hasSize(tokens - 2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mean,false,mean",
        "cls,false,cls",
        "max,false,max",
        "lastToken,false,lastToken",
        "mean,true,normalizedMean"
    })
    void embedsWithEveryPooling(String pooling, boolean normalize, String reference) {
        TextReferences model = new TextReferences("embedding", DataType.INT64, -1, "last_hidden_state");
        Map<String, Object> options = Map.of("pooling", pooling, "normalize", normalize);
        try (Harness harness = attach(new TextEmbeddingProvider(), model, "textEmbedding", options)) {
            List<String> texts = model.cases.stream()
                    .map(known -> quoted(known.path("text").textValue()))
                    .toList();
            JsonNode answers = parse(harness.text(Harness.request(Harness.json("body", texts.toString()))));
            for (int i = 0; i < texts.size(); i++) {
                assertSame(answers.get(i), model.cases.get(i).path(reference));
                assertSame(
                        parse(harness.text(Harness.request(Harness.json("body", texts.get(i))))),
                        model.cases.get(i).path(reference));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void answersQuestionsAsTransformersDo(int topK) {
        TextReferences model =
                new TextReferences("question_answering", DataType.INT64, -1, "start_logits", "end_logits");
        Map<String, Object> options = Map.of("topK", topK, "stride", 12, "maxLength", 48);
        try (Harness harness = attach(new QuestionAnsweringProvider(), model, "questionAnswering", options)) {
            for (JsonNode known : model.cases) {
                if (known.path("topK").intValue() == topK) {
                    String question = known.path("question").textValue();
                    String context = known.path("context").textValue();
                    String answer = harness.text(Harness.request(Harness.json(
                            "body", "{\"question\": " + quoted(question) + ", \"context\": " + quoted(context) + "}")));

                    assertSame(parse(answer), known.path("answer"));
                    assertThat(harness.text(Harness.request(
                                    Harness.content("question", "", utf8(question)),
                                    Harness.content("context", "", utf8(context)))))
                            .isEqualTo(answer);
                }
            }
            assertThat(model.asked.overlap()).hasValue(12);
            assertThat(model.asked.maxLength()).hasValue(48);
            assertThat(harness.text(Harness.request(Harness.json("body", "{\"question\": \"why\"}"))))
                    .isEqualTo("INVALID_INPUT 'context': no text (expected: texts as 'question' and 'context')");
            assertThat(harness.text(text("why")))
                    .isEqualTo(
                            "INVALID_INPUT input 'body': not JSON (expected: an object with 'question' and 'context')");
        }
    }

    @Test
    void boundsTheWindowsOfAQuestion() {
        TextReferences model =
                new TextReferences("question_answering", DataType.INT64, -1, "start_logits", "end_logits");
        try (Harness harness =
                attach(new QuestionAnsweringProvider(), model, "questionAnswering", Map.of("maxRows", 2))) {
            String context = model.cases.get(3).path("context").textValue();

            assertThat(harness.text(Harness.request(
                            Harness.content("question", "", utf8("q")), Harness.content("context", "", utf8(context)))))
                    .isEqualTo("INVALID_INPUT windows of 'context': 8 (expected: at most 2, maxRows)");
            assertThat(model.asked.overlap()).hasValue(128);
        }
    }

    /** A model of one length gets that, however short the text. */
    @Test
    void fillsUpToAFixedLength() {
        TextReferences model = new TextReferences("classifier", DataType.INT32, 40, "logits");
        try (Harness harness = attach(new TextClassifierProvider(), model, "textClassifier", Map.of())) {
            JsonNode known = model.cases.get(0);

            assertScores(parse(harness.text(text(known.path("text").textValue()))), known.path("softmax"));
            assertThat(model.shapes).containsExactly(Shape.of(1, 40));
            assertThat(model.asked.maxLength()).isEqualTo(OptionalInt.of(40));
        }
        TextReferences again = new TextReferences("classifier", DataType.INT32, 40, "logits");
        assertThatThrownBy(() -> attach(new TextClassifierProvider(), again, "textClassifier", Map.of("maxLength", 41)))
                .hasMessage("text_classifier: maxLength 41 (expected: at most 40, the length of the model's inputs)");
    }

    @Test
    void refusesModelsThatTakeSomethingElse() {
        FunctionModel model = new FunctionModel(
                new Signature(List.of(new TensorSpec("pixels", DataType.INT64, Shape.of(-1, -1))), List.of()),
                inputs -> List.of());
        assertRefused(
                model, Map.of(), "text_classifier: the model's input 'pixels' is INT64 [-1, -1] (expected: input_ids,");
        assertRefused(
                model, Map.of("inputs", List.of("attention_mask")), "handler.textClassifier.inputs: [attention_mask]");
        assertRefused(
                model,
                Map.of("inputs", List.of("input_ids", "attention_mask")),
                "text_classifier: the model takes 1 inputs");
        assertRefused(
                model,
                Map.of("inputs", List.of("ids")),
                "handler.textClassifier.inputs: [ids] (expected: a list out of");
        assertRefused(
                model,
                Map.of("inputs", List.of("input_ids")),
                "tokenizer.json: nothing here reads it" + " (expected: the engine pack 'tokenizers'; install it)");
        assertRefused(model, Map.of("topk", 1), "handler.textClassifier.topk: unknown key");
        assertRefused(
                model, Map.of("multiLabel", "yes"), "handler.textClassifier.multiLabel: yes (expected: true or false)");
    }

    private void assertRefused(FunctionModel model, Map<String, Object> options, String message) {
        assertThatThrownBy(() -> new Harness(
                        new TextClassifierProvider(),
                        model,
                        Harness.spec(folder, 1, Map.of("handler", Map.of("textClassifier", options)))))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
    }

    @Test
    void warmsUpWithALetter() {
        TextReferences model = classifier();
        try (Harness harness = attach(new TextClassifierProvider(), model, "textClassifier", Map.of())) {
            harness.warmUp();
            assertThat(model.shapes).containsExactly(Shape.of(1, 1), Shape.of(8, 1));
            assertThat(harness.allocated)
                    .allSatisfy(buffer -> assertThat(buffer.references()).isZero());
        }
    }

    @Test
    void areFoundByTheServiceLoader() {
        assertThat(ServiceLoader.load(HandlerProvider.class).stream()
                        .flatMap(provider -> provider.get().names().stream()))
                .contains("text_classifier", "token_classifier", "text_embedding", "question_answering");
    }

    /** Equal but for the last digits of numbers. */
    private static void assertSame(JsonNode actual, JsonNode expected) {
        assertThat(actual.getNodeType()).isEqualTo(expected.getNodeType());
        assertThat(actual.size()).as(actual + " against " + expected).isEqualTo(expected.size());
        if (expected.isObject()) {
            List<String> names = new ArrayList<>();
            expected.fieldNames().forEachRemaining(names::add);
            Iterator<String> order = actual.fieldNames();
            names.forEach(name -> assertThat(order.next()).isEqualTo(name));
            names.forEach(name -> assertSame(Objects.requireNonNull(actual.get(name)), expected.get(name)));
        } else if (expected.isArray()) {
            for (int i = 0; i < expected.size(); i++) {
                assertSame(actual.get(i), expected.get(i));
            }
        } else if (expected.isDouble()) {
            assertThat(actual.doubleValue()).isCloseTo(expected.doubleValue(), within(1e-5));
        } else {
            assertThat(actual).isEqualTo(expected);
        }
    }

    private Harness attach(HandlerProvider provider, TextReferences model, String block, Map<String, Object> options) {
        return new Harness(
                provider,
                model,
                Harness.spec(folder, 8, Map.of("handler", Map.of(block, options))),
                model.tokenizers());
    }

    private static TextReferences classifier() {
        return new TextReferences("classifier", DataType.INT64, -1, "logits");
    }

    private static Path models() {
        return Path.of("..", "..", "integration-tests", "models", "text");
    }

    private static InferenceRequest text(String text) {
        return Harness.request(Harness.content("body", "", utf8(text)));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String quoted(String text) {
        try {
            return JSON.writeValueAsString(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(json, e);
        }
    }
}
