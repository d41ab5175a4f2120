// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.model.Device;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * PyTorch on a graphics card. Needs one, and a folder with a CUDA build of libtorch and DJL's binding of the same build: {@code mvn verify
 * -Dpytorch.test.natives=FOLDER}.
 */
@Tag("gpu")
class CardTest extends EngineHarness {
    private static final Device CARD = Device.cuda(0);

    private final Path models = Path.of(System.getProperty("sluice.test.models"));

    @Override
    protected EngineProvider provider() {
        return new PyTorchProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @BeforeEach
    void needsACard() {
        boolean found = engine().info().devices().contains(CARD);
        if (!found) {
            System.err.println(
                    "SKIPPED, no graphics card for PyTorch: " + engine().info().acceleration());
        }
        assumeTrue(found, "needs a graphics card");
    }

    /** To less than on processors: convolutions on cards round their factors. */
    @Test
    void givesTheReferenceNumbers() {
        ReferenceModel digits = ReferenceModel.digits(models, "digits.pt");
        try (TensorModel model = engine().load(spec(digits.file()), CARD);
                TensorInstance instance = model.newInstance()) {
            for (ReferenceModel.Row row : digits.rows()) {
                float[] numbers = new float[row.input().size()];
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] = row.input().get(i);
                }
                Tensor input = TestTensors.floats(
                        allocator(), "image", digits.inputRow().rows(1), numbers);
                run(instance, List.of(input), outputs -> {
                    float[] logits = TestTensors.floats(outputs.get(0));
                    for (int i = 0; i < logits.length; i++) {
                        assertThat(logits[i]).isCloseTo(row.output().get(i), within(0.05f));
                    }
                });
            }
        }
    }

    @Test
    void bringsNarrowTypesThereAndBack() {
        Shape shape = Shape.of(2);
        Path file = Path.of("src", "test", "models", "narrow.pt");
        List<Tensor> inputs = List.of(
                TestTensors.shorts(allocator(), "a", DataType.INT16, shape, -1, 0x8000),
                TestTensors.shorts(allocator(), "b", DataType.BF16, shape, 0x3F80, 0xFF80),
                TestTensors.shorts(allocator(), "c", DataType.INT16, shape, 1, 2),
                TestTensors.shorts(allocator(), "d", DataType.INT16, shape, 3, 4),
                TestTensors.shorts(allocator(), "e", DataType.INT16, shape, 5, 6));
        List<byte[]> expected =
                inputs.stream().map(input -> input.data().toByteArray()).toList();
        try (TensorModel model = engine().load(spec(file), CARD);
                TensorInstance instance = model.newInstance()) {
            run(instance, inputs, outputs -> {
                for (int i = 0; i < expected.size(); i++) {
                    assertThat(outputs.get(i).data().toByteArray()).isEqualTo(expected.get(i));
                }
            });
        }
    }
}
