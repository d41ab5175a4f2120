// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextGenerationTest {
    private static final Signature SIGNATURE = new Signature(
            List.of(
                    new TensorSpec("token", DataType.INT64, Shape.of(Shape.ANY)),
                    new TensorSpec("state", DataType.FP32, Shape.of(Shape.ANY, 1))),
            List.of(
                    new TensorSpec("scores", DataType.FP32, Shape.of(Shape.ANY, 4)),
                    new TensorSpec("next_state", DataType.FP32, Shape.of(Shape.ANY, 1))));

    private final List<Float> statesGiven = new ArrayList<>();

    /** After a token comes the one after it in the vocabulary, and after the last a line end; the state counts tokens. */
    private final FunctionModel successors = new FunctionModel(SIGNATURE, inputs -> {
        int rows = (int) inputs.get(0).shape().dimension(0);
        byte[] scoreBytes = new byte[rows * 16];
        byte[] stateBytes = new byte[rows * 4];
        ByteBuffer scores = ByteBuffer.wrap(scoreBytes).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer states = ByteBuffer.wrap(stateBytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            int next = (int) (inputs.get(0).data().view().getLong(row * 8) + 1) % 4;
            scores.putFloat((row * 4 + next) * 4, 1);
            states.putFloat(inputs.get(1).data().view().getFloat(row * 4) + 1);
        }
        statesGiven.add(states.getFloat(0));
        return List.of(
                FakeTensorModel.tensor("scores", DataType.FP32, Shape.of(rows, 4), scoreBytes),
                FakeTensorModel.tensor("next_state", DataType.FP32, Shape.of(rows, 1), stateBytes));
    });

    @TempDir
    private Path folder;

    @BeforeEach
    void writeVocabulary() throws Exception {
        Files.writeString(folder.resolve("vocabulary.txt"), "\\n\na\nb\nc\n");
    }

    private ModelSpec spec(int batchSize, Map<String, Object> options) {
        return Harness.spec(folder, batchSize, Map.of("handler", Map.of("textGeneration", options)));
    }

    private Harness harness(Map<String, Object> options) {
        return new Harness(new TextGenerationProvider(), successors, spec(1, options));
    }

    private static String whole(Outcome outcome) {
        StringBuilder text = new StringBuilder();
        for (Output output : ((Outcome.Success) outcome).response().outputs()) {
            DataBuffer content = ((Output.OfContent) output).content();
            text.append(new String(content.toByteArray(), StandardCharsets.UTF_8));
            content.release();
        }
        return text.toString();
    }

    private static String written(Harness harness, String text) {
        return whole(
                harness.execute(Harness.request(Harness.json("body", text))).get(0));
    }

    /** Planted: the state of the step before not handed on; it was 1 in every step. */
    @Test
    void readsTheTextThenWritesUntilTheStopToken() {
        try (Harness harness = harness(Map.of())) {
            assertThat(written(harness, "a")).isEqualTo("bc");
            assertThat(written(harness, "abca")).isEqualTo("bc");
            assertThat(written(harness, "c")).isEmpty();
            assertThat(statesGiven).containsExactly(1f, 2f, 3f, 1f, 2f, 3f, 4f, 5f, 6f, 1f);
        }
    }

    @Test
    void writesNoMoreTokensThanItMay() {
        try (Harness harness = harness(Map.of("maxTokens", 5, "stop", "a"))) {
            assertThat(written(harness, "a")).isEqualTo("bc\n");
        }
        try (Harness harness = harness(Map.of("maxTokens", 1))) {
            assertThat(written(harness, "a")).isEqualTo("b");
        }
    }

    @Test
    void refusesTextItsVocabularyDoesNotHave() {
        try (Harness harness = harness(Map.of())) {
            assertThat(harness.text(Harness.request(Harness.json("body", "abé"))))
                    .isEqualTo("INVALID_INPUT text: 'é' at character 2 (expected: what the model's vocabulary has)");
        }
    }

    /** Seen to fail without the check of the bytes: the é, which lies beyond the bound, was complained of. */
    @Test
    void refusesATextOfMoreBytesThanItsTokensCanHave() {
        try (Harness harness = harness(Map.of("maxPromptTokens", 4))) {
            assertThat(written(harness, "abca")).isEqualTo("bc");
            assertThat(harness.text(Harness.request(Harness.json("body", "abc\u00e9"))))
                    .isEqualTo("INVALID_INPUT text: 5 bytes"
                            + " (expected: at most 4, which 4 tokens can have, maxPromptTokens)");
        }
    }

    /** Seen to fail when only the bytes that came were counted. */
    @Test
    void countsWhatIsPutAfterEachText() {
        try (Harness harness = harness(Map.of("maxPromptTokens", 4, "promptEnd", "ab"))) {
            assertThat(written(harness, "cc")).isEqualTo("c");
            assertThat(harness.text(Harness.request(Harness.json("body", "ccc"))))
                    .isEqualTo("INVALID_INPUT text: its first 4 tokens end at character 4 of 5"
                            + " (expected: at most 4 tokens in all, maxPromptTokens)");
        }
    }

    @Test
    void takesPromptsOf4096TokensUnlessToldOtherwise() {
        try (Harness harness = harness(Map.of())) {
            assertThat(written(harness, "a".repeat(4096))).isEqualTo("bc");
            assertThat(harness.text(Harness.request(Harness.json("body", "a".repeat(4097)))))
                    .startsWith("INVALID_INPUT text: 4097 bytes (expected: at most 4096,");
        }
        assertThatThrownBy(() -> harness(Map.of("maxPromptTokens", 0)))
                .hasMessage("handler.textGeneration.maxPromptTokens: 0 (expected: 1..100000)");
    }

    @Test
    void refusesAnEmptyText() {
        try (Harness harness = harness(Map.of("promptEnd", ""))) {
            assertThat(harness.text(Harness.request(Harness.json("body", ""))))
                    .isEqualTo("INVALID_INPUT input 'body': 0 bytes (expected: 1 or more)");
        }
    }

    /** What came of some requests, by slot. */
    private static final class Answers implements BatchSink {
        private final Map<Integer, String> texts = new TreeMap<>();
        private final Map<Integer, Outcome> ends = new TreeMap<>();

        @Override
        public void part(int index, InferenceResponse part) {
            texts.merge(index, whole(new Outcome.Success(part)), String::concat);
        }

        @Override
        public void end(int index, Outcome outcome) {
            ends.put(index, outcome);
        }

        @Override
        public boolean isWanted(int index) {
            return true;
        }
    }

    /** Seen to fail when what the allocator said ended the step. */
    @Test
    void failsAloneTheAnswerThereIsNoMemoryFor() {
        AtomicInteger tokens = new AtomicInteger();
        BufferAllocator scarce = bytes -> {
            // The inputs of a step are larger than a token.
            if (bytes == 1 && tokens.incrementAndGet() == 2) {
                throw new ServingException(ErrorCode.OVERLOADED, "no memory");
            }
            return BufferAllocator.unpooled().allocate(bytes);
        };
        var loaded = new TextGenerationProvider().attach(successors, spec(3, Map.of()), new HandlerContext(scarce));
        Answers answers = new Answers();
        try (IterationEngine engine = (IterationEngine) loaded.newInstance()) {
            for (int slot = 0; slot < 3; slot++) {
                engine.begin(slot, Harness.request(Harness.json("body", "a")));
            }
            engine.step(List.of(0, 1, 2), answers);

            assertThat(answers.ends).containsOnlyKeys(1);
            assertThat(Harness.text(Objects.requireNonNull(answers.ends.get(1))))
                    .isEqualTo("OVERLOADED no memory");
            engine.free(1);
            engine.step(List.of(0, 2), answers);
            engine.step(List.of(0, 2), answers);

            assertThat(answers.texts).isEqualTo(Map.of(0, "bc", 2, "bc"));
            assertThat(answers.ends).containsOnlyKeys(0, 1, 2);
        }
    }

    /** Seen to fail with as many rows as there are requests. */
    @Test
    void givesTheEngineOnlyAllowedNumbersOfRows() {
        ModelSpec plain = spec(4, Map.of());
        ModelSpec padded = new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                plain.batching().withSizes(AllowedSizes.of(2, 4)),
                plain.instances(),
                plain.limits(),
                plain.options());
        var loaded =
                new TextGenerationProvider().attach(successors, padded, new HandlerContext(BufferAllocator.unpooled()));
        Answers answers = new Answers();
        try (IterationEngine engine = (IterationEngine) loaded.newInstance()) {
            engine.warmUp();
            engine.begin(0, Harness.request(Harness.json("body", "a")));
            engine.step(List.of(0), answers);
            engine.begin(1, Harness.request(Harness.json("body", "bb")));
            engine.begin(2, Harness.request(Harness.json("body", "b")));
            engine.step(List.of(0, 1, 2), answers);
            engine.step(List.of(0, 1, 2), answers);
            engine.step(List.of(1), answers);

            assertThat(successors.rows()).containsExactly(2L, 4L, 2L, 4L, 4L, 2L);
            assertThat(answers.texts).isEqualTo(Map.of(0, "bc", 1, "c", 2, "c"));
            assertThat(answers.ends).containsOnlyKeys(0, 1, 2);
        }
    }

    /** Seen to fail without the check: an index was out of bounds. */
    @Test
    void saysSoWhenTheModelGivesSomethingElseThanItDeclares() {
        FunctionModel narrow = new FunctionModel(
                SIGNATURE,
                inputs -> List.of(
                        FakeTensorModel.tensor("scores", DataType.FP32, Shape.of(1, 2), new byte[8]),
                        FakeTensorModel.tensor("next_state", DataType.FP32, Shape.of(1, 1), new byte[4])));
        FunctionModel lacking = new FunctionModel(
                SIGNATURE,
                inputs -> List.of(FakeTensorModel.tensor("scores", DataType.FP32, Shape.of(1, 4), new byte[16])));
        assertThat(answer(narrow))
                .isEqualTo("INVALID_MODEL model output 'scores': FP32 [1, 2] (expected: FP32 [1, 4], as it declares)");
        assertThat(answer(lacking)).isEqualTo("INVALID_MODEL model outputs: 1 (expected: 'next_state' as number 2)");
    }

    private String answer(FunctionModel model) {
        try (Harness harness = new Harness(new TextGenerationProvider(), model, spec(1, Map.of()))) {
            String answer = harness.text(Harness.request(Harness.json("body", "a")));
            assertThat(harness.allocated).allMatch(buffer -> buffer.references() == 0);
            return answer;
        }
    }

    /** Seen to fail when the outermost dimension was left to itself: such models were taken. */
    @Test
    void refusesAModelThatDoesNotTakeAsManyRows() {
        assertThatThrownBy(() -> attach(Shape.of(), Shape.of(Shape.ANY, 4)))
                .isInstanceOf(ServingException.class)
                .hasMessage("handler.textGeneration.token: 'token' is INT64 [] (expected: an outermost dimension of -1,"
                        + " or of 1 with a batch size of 1; the batch size is 2)");
        assertThatThrownBy(() -> attach(Shape.of(Shape.ANY), Shape.of()))
                .isInstanceOf(ServingException.class)
                .hasMessageStartingWith("handler.textGeneration.scores: 'scores' is FP32 []");
        assertThatThrownBy(() -> attach(Shape.of(1), Shape.of(Shape.ANY, 4)))
                .hasMessageStartingWith("handler.textGeneration.token: 'token' is INT64 [1]");
    }

    private void attach(Shape token, Shape scores) {
        Signature signature = new Signature(
                List.of(
                        new TensorSpec("token", DataType.INT64, token),
                        new TensorSpec("state", DataType.FP32, Shape.of(Shape.ANY, 1))),
                List.of(
                        new TensorSpec("scores", DataType.FP32, scores),
                        new TensorSpec("next_state", DataType.FP32, Shape.of(Shape.ANY, 1))));
        var unused = new TextGenerationProvider()
                .attach(
                        new FunctionModel(signature, inputs -> List.of()),
                        spec(2, Map.of()),
                        new HandlerContext(BufferAllocator.unpooled()));
    }

    /** Planted: rows of a step scattered to the wrong slots; the two answers were swapped. */
    @Test
    void writesSeveralAnswersSideBySide() throws Exception {
        var loaded = new TextGenerationProvider()
                .attach(successors, spec(3, Map.of()), new HandlerContext(BufferAllocator.unpooled()));
        Answers answers = new Answers();
        try (IterationEngine engine = (IterationEngine) loaded.newInstance()) {
            engine.begin(2, Harness.request(Harness.json("body", "bb")));
            engine.begin(0, Harness.request(Harness.json("body", "a")));
            engine.step(List.of(0, 2), answers);
            engine.step(List.of(0, 2), answers);
            engine.step(List.of(0, 2), answers);

            assertThat(answers.texts).isEqualTo(Map.of(0, "bc", 2, "c"));
            assertThat(answers.ends).containsOnlyKeys(0, 2);
            assertThat(successors.rows()).containsExactly(2L, 2L, 2L);
        }
    }

    @Test
    void warmsUpWithOneRowAndWithAllOfThem() {
        try (Harness harness = new Harness(new TextGenerationProvider(), successors, spec(8, Map.of()))) {
            harness.warmUp();
            assertThat(successors.rows()).containsExactly(1L, 8L);
            assertThat(harness.allocated).allMatch(buffer -> buffer.references() == 0);
        }
    }

    @Test
    void refusesAModelThatDoesNotFitItsOptions() {
        assertThatThrownBy(() -> harness(Map.of("scores", "logits")))
                .hasMessage("handler.textGeneration.scores: 'logits' (expected: one of [scores, next_state])");
        assertThatThrownBy(() -> harness(Map.of("token", "state")))
                .hasMessage(
                        "handler.textGeneration: nothing for the model's input 'token' (expected: the token, or a state)");
        assertThatThrownBy(() -> harness(Map.of("scores", "next_state")))
                .hasMessageContaining("(expected: FP32 [-1,4], a score for each token of the vocabulary)");
        assertThatThrownBy(() -> harness(Map.of("state", Map.of("state", "scores"))))
                .hasMessageContaining("(expected: one type, and one shape that is open in its rows alone)");
        assertThatThrownBy(() -> harness(Map.of("stop", "x")))
                .hasMessage("handler.textGeneration.stop: no token of the vocabulary");
        assertThatThrownBy(() -> harness(Map.of("maxtokens", 1))).hasMessageContaining("maxtokens: unknown key");
    }
}
