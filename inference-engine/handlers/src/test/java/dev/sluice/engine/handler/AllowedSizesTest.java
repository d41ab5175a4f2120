// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** What engines are given that take only some numbers of rows, and what clients see of it: nothing. */
class AllowedSizesTest {
    private static final InferenceRequest BROKEN = Harness.request(Harness.json("body", "["));

    /** A model that computes each element by itself, so that its answers can be compared bit by bit. */
    private static FakeTensorModel elementWise(Signature signature) {
        return new FakeTensorModel(signature, input -> {
            ByteBuffer from = input.data().view();
            ByteBuffer to = ByteBuffer.allocate(from.remaining()).order(ByteOrder.LITTLE_ENDIAN);
            while (from.hasRemaining()) {
                to.putFloat((float) Math.sin(from.getFloat()));
            }
            return List.of(FakeTensorModel.tensor("y", DataType.FP32, input.shape(), to.array()));
        });
    }

    private static Harness attach(FakeTensorModel model, AllowedSizes sizes) {
        BatchSpec batching = new BatchSpec(sizes.largest(), Duration.ZERO).withSizes(sizes);
        return new Harness(new BaseHandlerProvider(), model, Harness.spec(batching));
    }

    private static AllowedSizes sizes(Set<Integer> any) {
        return new AllowedSizes(any.stream().sorted().toList());
    }

    /** Rows of one to three columns: those of other columns run apart, each padded for itself; some cannot be read at all. */
    private static List<InferenceRequest> requests(Random random, int count) {
        return IntStream.range(0, count).mapToObj(i -> request(random)).toList();
    }

    private static InferenceRequest request(Random random) {
        int columns = random.nextInt(4);
        if (columns == 0) {
            return BROKEN;
        }
        List<Float> row =
                IntStream.range(0, columns).mapToObj(i -> random.nextFloat()).toList();
        return Harness.request(Harness.json("body", row.toString()));
    }

    /** Planted: an answer read from the last rows instead of the first ones. */
    @Property(tries = 300)
    void i3GivesTheSameAnswersWhateverElseIsInTheBatchInAnyOrderAndPadding(
            @ForAll @Size(min = 1, max = 4) Set<@IntRange(min = 1, max = 16) Integer> any, @ForAll long seed) {
        AllowedSizes sizes = sizes(any);
        Random random = new Random(seed);
        List<InferenceRequest> requests = new ArrayList<>(requests(random, 1 + random.nextInt(sizes.largest())));
        try (Harness alone = attach(elementWise(Signature.UNDECLARED), AllowedSizes.of(1));
                Harness together = attach(elementWise(Signature.UNDECLARED), sizes)) {
            for (int order = 0; order < 3; order++) {
                List<String> expected = requests.stream().map(alone::text).toList();

                assertThat(together.texts(requests.toArray(InferenceRequest[]::new)))
                        .isEqualTo(expected);

                Collections.shuffle(requests, random);
            }
        }
    }

    /** Planted: rows handed over as they are; one row more than the size. */
    @Property(tries = 300)
    void i5GivesTheEngineOnlyAllowedNumbersOfRows(
            @ForAll @Size(min = 1, max = 4) Set<@IntRange(min = 1, max = 16) Integer> any, @ForAll long seed) {
        AllowedSizes sizes = sizes(any);
        Random random = new Random(seed);
        FakeTensorModel model = elementWise(Signature.UNDECLARED);
        try (Harness harness = attach(model, sizes)) {
            harness.execute(
                    requests(random, 1 + random.nextInt(sizes.largest())).toArray(InferenceRequest[]::new));

            assertThat(model.inputShapes)
                    .allSatisfy(shape -> assertThat(sizes.sizes()).contains((int) shape.dimension(0)));
        }
    }

    /** Planted: what the memory held before. */
    @Test
    void repeatsTheLastRow() {
        List<String> seen = new ArrayList<>();
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, input -> {
            seen.add(floats(input));
            return FakeTensorModel.copy(input);
        });
        try (Harness harness = attach(model, AllowedSizes.of(1, 4))) {
            harness.execute(row(9), row(8), row(7), row(6));
            harness.execute(row(1), row(2));
        }

        assertThat(seen).containsExactly("[9.0, 8.0, 7.0, 6.0]", "[1.0, 2.0, 2.0, 2.0]");
    }

    /** Planted: one row and the largest batch, as for engines that take any number. */
    @Test
    void warmsUpOnceForEachSize() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.FP32, -1, 3);
        try (Harness harness = attach(model, AllowedSizes.of(2, 4, 8))) {
            harness.warmUp();
        }

        assertThat(model.inputShapes).containsExactly(Shape.of(2, 3), Shape.of(4, 3), Shape.of(8, 3));
        assertThat(model.outputs)
                .allSatisfy(output -> assertThat(output.data().references()).isZero());
    }

    /** Planted: the configured sizes, whatever the model declares. */
    @Test
    void believesAModelThatSaysItTakesOneRow() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.FP32, 1, 1);
        try (Harness harness = attach(model, AllowedSizes.of(4, 8))) {
            harness.warmUp();
            assertThat(harness.texts(row(1), row(2))).containsExactly("[\n  1.0\n]", "[\n  2.0\n]");
        }

        assertThat(model.inputShapes).containsOnly(Shape.of(1, 1)).hasSize(3);
    }

    private static InferenceRequest row(int number) {
        return Harness.request(Harness.json("body", "[" + number + "]"));
    }

    private static String floats(Tensor tensor) {
        ByteBuffer bytes = tensor.data().view();
        List<Float> all = new ArrayList<>();
        while (bytes.hasRemaining()) {
            all.add(bytes.getFloat());
        }
        return all.toString();
    }
}
