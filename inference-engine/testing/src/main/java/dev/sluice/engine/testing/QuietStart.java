// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Device;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A program that opens an engine, loads a model and runs it once, and nothing else, so that whatever it asks of the system is
 * the engine's doing. Arguments: class of the provider; folder of native libraries, or nothing; cache directory; model; sizes
 * of its input, comma-separated; type of its input.
 */
final class QuietStart {
    /** What it prints at its end. */
    static final String DONE = "ran";

    private QuietStart() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        EngineProvider provider = Class.forName(args[0])
                .asSubclass(EngineProvider.class)
                .getConstructor()
                .newInstance();
        Optional<Path> natives = args[1].isEmpty() ? Optional.empty() : Optional.of(Path.of(args[1]));
        BufferAllocator allocator = BufferAllocator.unpooled();
        Shape shape = Shape.of(
                Arrays.stream(args[4].split(",")).mapToLong(Long::parseLong).toArray());
        try (Engine engine = provider.open(new EngineSettings(natives, Path.of(args[2]), 1, allocator));
                TensorModel model = engine.load(EngineHarness.spec(Path.of(args[3])), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            Tensor input = TestTensors.zeros(allocator, "input", DataType.valueOf(args[5]), shape);
            instance.run(List.of(input)).forEach(Tensor::release);
            input.release();
        }
        System.out.println(DONE);
    }
}
