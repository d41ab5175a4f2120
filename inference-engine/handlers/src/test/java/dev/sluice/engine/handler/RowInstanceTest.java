// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Batch;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.ModelId;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What all row handlers share: grouping, failing alone, and giving memory back. */
class RowInstanceTest {
    private static final InferenceRequest ONE = Harness.request(Harness.json("body", "[1]"));
    private static final InferenceRequest TWO = Harness.request(Harness.json("body", "[1, 2]"));
    private static final InferenceRequest BROKEN = Harness.request(Harness.json("body", "["));

    @Test
    void releasesOutputsAndOnCloseItsBuffer() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        Harness harness = attach(model);
        try (harness) {
            harness.run(ONE, TWO, BROKEN);
            assertThat(model.openInstances).isOne();
        }

        assertThat(model.outputs)
                .hasSize(2)
                .allSatisfy(output -> assertThat(output.data().references()).isZero());
        assertThat(harness.allocated)
                .isNotEmpty()
                .allSatisfy(buffer -> assertThat(buffer.references()).isZero());
        assertThat(model.openInstances).isZero();
        assertThat(model.closed).isTrue();
    }

    /** Seen to fail when gather() copies the row of a lone request. */
    @Test
    void readsTheRowOfALoneRequestWhereItWasParsed() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            harness.run(ONE);

            assertThat(harness.copies).isEmpty();
            assertThat(harness.allocated).as("the row, and the answer").hasSize(2);
        }
    }

    @Test
    void copiesTheRowsOfABatchOnceAndKeepsNothing() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            harness.run(ONE, ONE, TWO, BROKEN);

            assertThat(harness.copies).containsExactly(CopyReason.MULTI);
            assertThat(harness.allocated)
                    .allSatisfy(buffer -> assertThat(buffer.references()).isZero());
        }
    }

    /** Seen to fail when only the first row was asked: NaN is read by the thorough reader, whose rows lie on the heap. */
    @Test
    void tellsOfRowsThatLayReadyWhicheverOfTheBatchTheyAre() {
        InferenceRequest thorough = Harness.request(Harness.json("body", "[NaN]"));
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            harness.run(thorough, thorough);
            assertThat(harness.copies).isEmpty();
            harness.run(thorough, ONE);
            assertThat(harness.copies).containsExactly(CopyReason.MULTI);
        }
    }

    /** Seen to fail when an answer without memory fails the batch: both requests were told so. */
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "3, 0", "4, 1"})
    void failsAloneTheRequestForWhichThereIsNoMemory(int allocations, int failing) {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            // Two rows, the run's input, two answers.
            harness.allocationsUntilRefusal = allocations;

            List<String> answers = harness.texts(ONE, ONE);

            assertThat(answers.get(failing)).isEqualTo("OVERLOADED no memory");
            assertThat(answers.get(1 - failing)).isEqualTo("[\n  1.0\n]");
            assertThat(harness.allocated)
                    .allSatisfy(buffer -> assertThat(buffer.references()).isZero());
        }
    }

    @Test
    void throwsWhatFailsTheWholeBatch() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, input -> {
            throw new ServingException(ErrorCode.ENGINE_FAILED, "no");
        });
        try (Harness harness = attach(model)) {
            assertThatThrownBy(() -> harness.execute(ONE, ONE)).hasMessage("no");
            assertThat(harness.allocated)
                    .isNotEmpty()
                    .allSatisfy(buffer -> assertThat(buffer.references()).isZero());
        }
    }

    @Test
    void keepsTheOtherOutcomesWhenOneRunFails() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, RowInstanceTest::onlyOneColumn);
        try (Harness harness = attach(model)) {
            assertThat(harness.texts(ONE, TWO, BROKEN))
                    .containsExactly(
                            "[\n  1.0\n]",
                            "INVALID_INPUT columns: 2",
                            "INVALID_INPUT input 'body': not JSON at byte 1 (expected: a nested list of numbers)");
        }
    }

    @Test
    void failsABatchWhoseRowsCannotBeToldApart() {
        FakeTensorModel model = new FakeTensorModel(
                Signature.UNDECLARED,
                input -> List.of(FakeTensorModel.tensor("y", DataType.FP32, Shape.of(1, 1), new byte[4])));
        try (Harness harness = attach(model)) {
            assertThatThrownBy(() -> harness.execute(ONE, ONE))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                    .hasMessage("model output 'y': FP32 [1, 1]" + " (expected: 2 rows, one per row of its input)");
            assertThat(model.outputs.get(0).data().references()).isZero();
        }
    }

    /** Seen to fail when a model's output of the wrong form fails the batch: the other request got the same refusal. */
    @Test
    void failsAloneARequestWhoseOutputsHaveTheWrongForm() {
        FakeTensorModel model = new FakeTensorModel(
                Signature.UNDECLARED,
                input -> input.shape().dimension(1) == 1
                        ? FakeTensorModel.copy(input)
                        : List.of(FakeTensorModel.tensor("y", DataType.FP32, Shape.of(2, 1), new byte[8])));
        try (Harness harness = attach(model)) {
            assertThat(harness.texts(ONE, TWO))
                    .containsExactly(
                            "[\n  1.0\n]",
                            "INVALID_MODEL model output 'y': FP32 [2, 1] (expected: 1 rows, one per row of its input)");
        }
    }

    /** Seen to fail when requests were decoded outside of what releases them. */
    @Test
    void releasesWhatWasDecodedBeforeMemoryRanOut() {
        DataBuffer data = DataBuffer.wrap(new byte[4]);
        RowCodec codec = new RowCodec() {
            @Override
            public List<Rows> decode(InferenceRequest request) {
                if (request.equals(TWO)) {
                    throw new OutOfMemoryError("planted");
                }
                return List.of(new TensorRows(DataType.FP32, Shape.of(1), data));
            }

            @Override
            public List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator) {
                return List.of();
            }

            @Override
            public List<Rows> sample() {
                return List.of();
            }

            @Override
            public void close() {}
        };
        BufferAllocator allocator = BufferAllocator.unpooled();
        InputBuffers buffers = new InputBuffers(allocator, Signature.UNDECLARED, AllowedSizes.ANY);
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (RowInstance instance = new RowInstance(model.newInstance(), codec, buffers, allocator, 2)) {
            Batch batch = new Batch(new ModelId("m", "1.0"), List.of(ONE, TWO));
            assertThatThrownBy(() -> instance.execute(batch)).isInstanceOf(OutOfMemoryError.class);
        }
        assertThat(data.references()).isZero();
    }

    @Test
    void runsNothingWhenNoRowIsGood() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            assertThat(harness.texts(BROKEN)).hasSize(1);
            assertThat(model.inputShapes).isEmpty();
        }
    }

    @Test
    void closesTheEnginesInstanceEvenIfNothingRan() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);

        attach(model).close();

        assertThat(model.openInstances).isZero();
    }

    private static List<Tensor> onlyOneColumn(Tensor input) {
        if (input.shape().dimension(1) != 1) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "columns: " + input.shape().dimension(1));
        }
        return FakeTensorModel.copy(input);
    }

    private static Harness attach(FakeTensorModel model) {
        return new Harness(new BaseHandlerProvider(), model, Harness.spec(Map.of()));
    }
}
