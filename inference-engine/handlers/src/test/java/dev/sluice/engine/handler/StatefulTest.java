// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Batch;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.SequenceRef;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatefulTest {
    private static final Signature SIGNATURE = new Signature(
            List.of(
                    new TensorSpec("state", DataType.FP32, Shape.of(Shape.ANY, 1)),
                    new TensorSpec("x", DataType.FP32, Shape.of(Shape.ANY, 1))),
            List.of(
                    new TensorSpec("total", DataType.FP32, Shape.of(Shape.ANY, 1)),
                    new TensorSpec("next_state", DataType.FP32, Shape.of(Shape.ANY, 1))));
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

    private final LoadedModel model = new StatefulProvider().attach(sums, SPEC, BufferAllocator.unpooled());

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
                        .attach(sums, Harness.spec(new BatchSpec(4, Duration.ZERO)), BufferAllocator.unpooled()))
                .hasMessage(
                        "stateful: sequenceBatching: false (expected: true, since it keeps a state for each sequence)");
    }
}
