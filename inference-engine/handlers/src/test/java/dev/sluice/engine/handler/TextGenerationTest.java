// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
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
import java.util.TreeMap;
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

    /** Planted: rows of a step scattered to the wrong slots; the two answers were swapped. */
    @Test
    void writesSeveralAnswersSideBySide() throws Exception {
        var loaded = new TextGenerationProvider().attach(successors, spec(3, Map.of()), BufferAllocator.unpooled());
        Map<Integer, String> texts = new TreeMap<>();
        List<Integer> ended = new ArrayList<>();
        BatchSink answers = new BatchSink() {
            @Override
            public void part(int index, InferenceResponse part) {
                texts.merge(index, whole(new Outcome.Success(part)), String::concat);
            }

            @Override
            public void end(int index, Outcome outcome) {
                ended.add(index);
            }

            @Override
            public boolean isWanted(int index) {
                return true;
            }
        };
        try (IterationEngine engine = (IterationEngine) loaded.newInstance()) {
            engine.begin(2, Harness.request(Harness.json("body", "bb")));
            engine.begin(0, Harness.request(Harness.json("body", "a")));
            engine.step(List.of(0, 2), answers);
            engine.step(List.of(0, 2), answers);
            engine.step(List.of(0, 2), answers);

            assertThat(texts).isEqualTo(Map.of(0, "bc", 2, "c"));
            assertThat(ended).containsExactly(0, 2);
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
