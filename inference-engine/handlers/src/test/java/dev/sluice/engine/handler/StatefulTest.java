// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Batch;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatefulTest {
    private static final Signature SIGNATURE = new Signature(
            List.of(
                    new TensorSpec("state", DataType.FP32, Shape.of(Shape.ANY, 1)),
                    new TensorSpec("x", DataType.FP32, Shape.of(Shape.ANY, 1))),
            List.of(
                    new TensorSpec("total", DataType.FP32, Shape.of(Shape.ANY, 1)),
                    new TensorSpec("next_state", DataType.FP32, Shape.of(Shape.ANY, 1))));
    private static final int MANY_COLUMNS = 20_000;
    private static final ModelSpec SPEC = Harness.spec(new BatchSpec(4, Duration.ZERO)
            .withSequences(new SequenceSpec(10, 10, Duration.ofSeconds(1), Duration.ZERO)));

    /** Adds what it gets to what it has; a total above a hundred is a failure. */
    private final FunctionModel sums = new FunctionModel(SIGNATURE, inputs -> {
        Tensor state = inputs.get(0);
        Tensor x = inputs.get(1);
        int rows = (int) x.shape().dimension(0);
        byte[] bytes = new byte[rows * 4];
        ByteBuffer totals = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            totals.putFloat(
                    state.data().view().getFloat(row * 4) + x.data().view().getFloat(row * 4));
        }
        if (totals.getFloat(0) > 100) {
            throw new IllegalStateException("too much");
        }
        return List.of(
                FakeTensorModel.tensor("total", DataType.FP32, Shape.of(rows, 1), bytes),
                FakeTensorModel.tensor("next_state", DataType.FP32, Shape.of(rows, 1), bytes));
    });

    private final List<Tensor> given = new ArrayList<>();

    /** As {@code sums}, of any number of columns, of which the first counts; two are an error, three come with a state of another type. */
    private final FunctionModel columns = new FunctionModel(
            new Signature(
                    List.of(
                            new TensorSpec("state", DataType.FP32, Shape.of(Shape.ANY, 1)),
                            new TensorSpec("x", DataType.FP32, Shape.of(Shape.ANY, Shape.ANY))),
                    SIGNATURE.outputs()),
            inputs -> {
                Tensor x = inputs.get(1);
                int rows = (int) x.shape().dimension(0);
                int columns = (int) x.shape().dimension(1);
                if (columns == 2) {
                    throw new LinkageError("planned");
                }
                byte[] bytes = new byte[rows * 4];
                ByteBuffer totals = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                for (int row = 0; row < rows; row++) {
                    totals.putFloat(inputs.get(0).data().view().getFloat(row * 4)
                            + x.data().view().getFloat(row * columns * 4));
                }
                Tensor total = FakeTensorModel.tensor("total", DataType.FP32, Shape.of(rows, 1), bytes);
                Tensor state = columns == 3
                        ? FakeTensorModel.tensor("next_state", DataType.INT8, Shape.of(rows, 1), new byte[rows])
                        : FakeTensorModel.tensor("next_state", DataType.FP32, Shape.of(rows, 1), bytes);
                given.add(total);
                given.add(state);
                return List.of(total, state);
            });

    private final LoadedModel model =
            new StatefulProvider().attach(sums, SPEC, new HandlerContext(BufferAllocator.unpooled()));

    private static InferenceRequest of(String sequence, String json) {
        InferenceRequest plain = Harness.request(Harness.json("body", json));
        return new InferenceRequest(
                plain.model(),
                plain.inputs(),
                plain.wantedOutputs(),
                plain.parameters(),
                plain.context().withSequence(new SequenceRef(sequence, false, false)));
    }

    private static List<String> run(ModelInstance instance, InferenceRequest... requests) {
        List<Outcome> outcomes = instance.execute(new Batch(new ModelId("m", "1.0"), Arrays.asList(requests)));
        return outcomes.stream()
                .map(outcome -> Harness.text(outcome).replaceAll("\\s", ""))
                .toList();
    }

    /** Planted: one state for all; planted: the state not written back. */
    @Test
    void keepsAStateForEachSequenceWhicheverInstanceRunsIt() {
        try (ModelInstance one = model.newInstance();
                ModelInstance other = model.newInstance()) {
            assertThat(run(one, of("a", "[1]"), of("b", "[10]"))).containsExactly("[1.0]", "[10.0]");
            assertThat(run(other, of("b", "[10]"), of("a", "[2]"))).containsExactly("[20.0]", "[3.0]");
            model.forget("a");
            assertThat(run(one, of("a", "[5]"), of("b", "[1]"))).containsExactly("[5.0]", "[21.0]");
        }
    }

    @Test
    void aRequestOfNoSequenceStartsFromZeros() {
        try (ModelInstance instance = model.newInstance()) {
            InferenceRequest lone = Harness.request(Harness.json("body", "[7]"));
            assertThat(run(instance, lone)).containsExactly("[7.0]");
            assertThat(run(instance, Harness.request(Harness.json("body", "[7]"))))
                    .containsExactly("[7.0]");
        }
    }

    @Test
    void aFailureLeavesTheStateAsItWas() {
        try (ModelInstance instance = model.newInstance()) {
            assertThat(run(instance, of("a", "[60]"))).containsExactly("[60.0]");
            assertThat(run(instance, of("a", "[60]")).get(0)).startsWith("INTERNAL");
            assertThat(run(instance, of("a", "[\"x\"]")).get(0)).startsWith("INVALID_INPUT");
            assertThat(run(instance, of("a", "[1]"))).containsExactly("[61.0]");
        }
    }

    @Test
    void refusesAModelWithoutSequences() {
        assertThatThrownBy(() -> new StatefulProvider()
                        .attach(
                                sums,
                                Harness.spec(new BatchSpec(4, Duration.ZERO)),
                                new HandlerContext(BufferAllocator.unpooled())))
                .hasMessage(
                        "stateful: sequenceBatching: false (expected: true, since it keeps a state for each sequence)");
    }

    private void assertNothingIsOut(Harness harness) {
        assertThat(harness.allocated).allMatch(buffer -> buffer.references() == 0);
        assertThat(given).allMatch(tensor -> tensor.data().references() == 0);
    }

    /** Seen to fail without the check: an index was out of bounds. */
    @Test
    void saysSoWhenTheModelGivesAnotherStateThanItDeclares() {
        try (Harness harness = new Harness(new StatefulProvider(), columns, SPEC)) {
            assertThat(harness.texts(of("a", "[1, 0, 0]"), of("b", "[5]"), of("c", "[2, 0, 0]")))
                    .containsExactly(
                            "INVALID_MODEL model output 'next_state': INT8 [2, 1]"
                                    + " (expected: FP32 [2, 1], as it declares)",
                            "[\n  5.0\n]",
                            "INVALID_MODEL model output 'next_state': INT8 [2, 1]"
                                    + " (expected: FP32 [2, 1], as it declares)");
            assertThat(harness.texts(of("a", "[4]"), of("b", "[5]"))).containsExactly("[\n  4.0\n]", "[\n  10.0\n]");
            assertNothingIsOut(harness);
        }
    }

    /** Seen to fail when a state was written before its answer had its memory. */
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "4, 0", "5, 1"})
    void aRequestWithoutMemoryFailsAloneAndLeavesItsStateAsItWas(int allocations, int failing) {
        try (Harness harness = new Harness(new StatefulProvider(), columns, SPEC)) {
            // Two rows, the run's inputs, two answers.
            harness.allocationsUntilRefusal = allocations;

            List<String> answers = harness.texts(of("a", "[1]"), of("b", "[1]"));

            assertThat(answers.get(failing)).isEqualTo("OVERLOADED no memory");
            assertThat(answers.get(1 - failing)).isEqualTo("[\n  1.0\n]");
            List<String> next = harness.texts(of("a", "[1]"), of("b", "[1]"));
            assertThat(next.get(failing)).isEqualTo("[\n  1.0\n]");
            assertThat(next.get(1 - failing)).isEqualTo("[\n  2.0\n]");
            assertNothingIsOut(harness);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aBatchWithoutMemoryForItsInputsFailsAndGivesBackWhatItHas(int allocations) {
        try (Harness harness = new Harness(new StatefulProvider(), columns, SPEC)) {
            harness.allocationsUntilRefusal = allocations;

            assertThat(harness.texts(of("a", "[1]"), of("b", "[1]"))).containsOnly("OVERLOADED no memory");
            assertNothingIsOut(harness);
        }
    }

    /** Seen to fail when answers were not given back, and when states were written run by run. */
    @Test
    void aBatchThatBreaksGivesBackItsAnswersAndLeavesAllStatesAsTheyWere() {
        try (Harness harness = new Harness(new StatefulProvider(), columns, SPEC)) {
            assertThatThrownBy(() -> harness.execute(of("a", "[1]"), of("b", "[1, 0]")))
                    .isInstanceOf(LinkageError.class);
            assertNothingIsOut(harness);
            assertThat(harness.texts(of("a", "[1]"))).containsExactly("[\n  1.0\n]");
        }
    }

    /** Seen to fail with as many rows as there are requests. */
    @Test
    void givesTheEngineOnlyAllowedNumbersOfRows() {
        ModelSpec padded = Harness.spec(SPEC.batching().withSizes(AllowedSizes.of(2, 4)));
        try (Harness harness = new Harness(new StatefulProvider(), columns, padded)) {
            harness.warmUp();
            assertThat(harness.texts(of("a", "[1]"))).containsExactly("[\n  1.0\n]");
            assertThat(harness.texts(of("a", "[2]"), of("b", "[10]"), of("c", "[20]")))
                    .containsExactly("[\n  3.0\n]", "[\n  10.0\n]", "[\n  20.0\n]");
            assertThat(harness.texts(of("c", "[5]"), of("a", "[4]"))).containsExactly("[\n  25.0\n]", "[\n  7.0\n]");

            assertThat(columns.rows()).containsExactly(2L, 4L, 2L, 4L, 2L);
            assertNothingIsOut(harness);
        }
    }

    /** Seen to fail when rows were gathered without telling. */
    @Test
    void copiesTheRowsOfABatchOnceAndThoseOfALoneRequestNotAtAll() {
        try (Harness harness = new Harness(new StatefulProvider(), columns, SPEC)) {
            harness.run(of("a", "[1]"));
            assertThat(harness.copies).isEmpty();
            harness.run(of("a", "[1]"), of("b", "[1]"));
            assertThat(harness.copies).containsExactly(CopyReason.MULTI);
        }
    }

    /** Seen to fail when instances shared a codec: lists came out longer than they were, as both counted what either read. */
    @Test
    void instancesReadSideBySide() throws Exception {
        Signature wide = new Signature(
                List.of(
                        SIGNATURE.inputs().get(0),
                        new TensorSpec("x", DataType.FP32, Shape.of(Shape.ANY, MANY_COLUMNS))),
                SIGNATURE.outputs());
        FunctionModel different = new FunctionModel(wide, StatefulTest::different, new CopyOnWriteArrayList<>());
        LoadedModel shared =
                new StatefulProvider().attach(different, SPEC, new HandlerContext(BufferAllocator.unpooled()));
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            CyclicBarrier start = new CyclicBarrier(2);
            List<Future<Set<String>>> answers = Stream.of("1.5", "22.25")
                    .map(number -> pool.submit(() -> answers(shared, number, start)))
                    .toList();

            assertThat(answers.get(0).get(60, TimeUnit.SECONDS)).containsExactly("[1.0]");
            assertThat(answers.get(1).get(60, TimeUnit.SECONDS)).containsExactly("[1.0]");
        } finally {
            pool.shutdownNow();
        }
    }

    /** How many different numbers a row has; the state is zeros. */
    private static List<Tensor> different(List<Tensor> inputs) {
        ByteBuffer x = inputs.get(1).data().view();
        Set<Float> seen = new HashSet<>();
        float before = Float.NaN;
        while (x.hasRemaining()) {
            float number = x.getFloat();
            if (number != before) {
                seen.add(number);
            }
            before = number;
        }
        byte[] count = new byte[4];
        ByteBuffer.wrap(count).order(ByteOrder.LITTLE_ENDIAN).putFloat(seen.size());
        return List.of(
                FakeTensorModel.tensor("total", DataType.FP32, Shape.of(1, 1), count),
                FakeTensorModel.tensor("next_state", DataType.FP32, Shape.of(1, 1), new byte[4]));
    }

    /** The different answers of one instance that is asked the same again and again. */
    private static Set<String> answers(LoadedModel model, String number, CyclicBarrier start) throws Exception {
        String row = "[" + String.join(",", Collections.nCopies(MANY_COLUMNS, number)) + "]";
        Set<String> answers = new HashSet<>();
        try (ModelInstance instance = model.newInstance()) {
            start.await(10, TimeUnit.SECONDS);
            for (int i = 0; i < 200; i++) {
                answers.addAll(run(instance, of(number, row)));
            }
        }
        return answers;
    }

    /** Seen to fail when the outermost dimension was left to itself: such models were taken. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 | 2,1 | -1,1 | -1,1 | handler.stateful.state.state: 'state' is FP32 [2, 1]",
                "4 | 1,1 | -1,1 | -1,1 | handler.stateful.state.state: 'state' is FP32 [1, 1]",
                "4 | -1,1 | -1,1 | 1,1 | handler.stateful.state.state: 'next_state' is FP32 [1, 1]",
                "1 | 2,1 | -1,1 | -1,1 | handler.stateful.state.state: 'state' is FP32 [2, 1]",
                "1 | '' | -1,1 | -1,1 | handler.stateful.state.state: 'state' is FP32 []",
                "1 | -1,1 | -1,1 | '' | handler.stateful.state.state: 'next_state' is FP32 []",
                "4 | -1,1 | 1,1 | -1,1 | stateful: 'x' is FP32 [1, 1]",
                "1 | -1,1 | '' | -1,1 | stateful: 'x' is FP32 []",
            })
    void refusesAModelThatDoesNotTakeAsManyRows(
            int batchSize, String state, String data, String nextState, String message) {
        assertThatThrownBy(() -> attach(batchSize, state, data, nextState))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage(message + " (expected: an outermost dimension of -1, or of 1 with a batch size of 1;"
                        + " the batch size is " + batchSize + ")");
    }

    @Test
    void takesAModelOfOneRowWhenRequestsRunAlone() {
        try (LoadedModel one = attach(1, "1,1", "1,1", "1,1");
                ModelInstance instance = one.newInstance()) {
            assertThat(run(instance, of("a", "[3]"))).containsExactly("[3.0]");
            assertThat(run(instance, of("a", "[3]"))).containsExactly("[6.0]");
        }
    }

    private LoadedModel attach(int batchSize, String state, String data, String nextState) {
        Signature signature = new Signature(
                List.of(
                        new TensorSpec("state", DataType.FP32, shape(state)),
                        new TensorSpec("x", DataType.FP32, shape(data))),
                List.of(
                        new TensorSpec("total", DataType.FP32, Shape.of(Shape.ANY, 1)),
                        new TensorSpec("next_state", DataType.FP32, shape(nextState))));
        BatchSpec batching = new BatchSpec(batchSize, Duration.ZERO)
                .withSequences(SPEC.batching().sequences().orElseThrow());
        return new StatefulProvider()
                .attach(
                        new FunctionModel(signature, sums.function()),
                        Harness.spec(batching),
                        new HandlerContext(BufferAllocator.unpooled()));
    }

    private static Shape shape(String dimensions) {
        return Shape.of(Stream.of(dimensions.split(","))
                .filter(dimension -> !dimension.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray());
    }
}
