// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.PairedCost;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.model.Device;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Prints what a call costs through our interface and through DJL's own best path: {@code forward} of the block, with the input's array
 * made once and used again, the output's memory looked at where it lies. Run by hand:
 *
 * <pre>
 * java -Dsluice.test.natives=target/native -cp TEST_CLASS_PATH dev.sluice.engine.djl.TorchCost
 * java ... dev.sluice.engine.djl.TorchCost resnet18.pt 1 4 8 16
 * </pre>
 *
 * <p>Without arguments, the multilayer perceptron of the tests on one row. With a model of images, {@code [rows, 3, 224, 224]} as often as
 * there are numbers of rows; the last column is then throughput as a share of the bare engine's, upside down.
 */
public final class TorchCost {
    private TorchCost() {}

    /** See above. */
    public static void main(String[] args) throws IOException {
        EngineSettings settings = TestSettings.of(Files.createTempDirectory("torch-cost"), new RecycledBuffers());
        try (Engine engine = new PyTorchProvider().open(settings)) {
            // Read by DJL's forward at each call, which only costs it time: the switch is set for this thread.
            System.clearProperty("ai.djl.pytorch.graph_optimizer");
            JniUtils.setGraphExecutorOptimize(false);
            System.out.println(PairedCost.head());
            if (args.length == 0) {
                measure(engine, Path.of("src", "test", "models", "mlp.pt"), Shape.of(1, 64));
            }
            for (int i = 1; i < args.length; i++) {
                measure(engine, Path.of(args[0]), Shape.of(Long.parseLong(args[i]), 3, 224, 224));
            }
        }
    }

    private static void measure(Engine engine, Path file, Shape shape) {
        Tensor input = TestTensors.zeros(BufferAllocator.unpooled(), "x", DataType.FP32, shape);
        try (PtNDManager manager =
                        (PtNDManager) ai.djl.engine.Engine.getEngine("PyTorch").newBaseManager(ai.djl.Device.cpu());
                TensorModel model = engine.load(TestSpecs.of(file), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            String[] none = {};
            PtSymbolBlock block = JniUtils.loadModule(manager, file, true, none, none, false);
            NDArray array = manager.create(
                    ByteBuffer.allocateDirect(input.data().size())
                            .put(input.data().view())
                            .flip(),
                    new ai.djl.ndarray.types.Shape(shape.toArray()),
                    ai.djl.ndarray.types.DataType.FLOAT32);
            NDList arrays = new NDList(array);
            ParameterStore parameters = new ParameterStore(manager, false);
            List<Tensor> tensors = List.of(input);
            PairedCost.Cost cost = PairedCost.of(
                    () -> {
                        try (NDList outputs = block.forward(parameters, arrays, false)) {
                            look(outputs.get(0).toByteBuffer(true).get(0));
                        }
                    },
                    () -> instance.run(tensors).forEach(output -> {
                        look(output.data().view().get(0));
                        output.release();
                    }));
            System.out.println(cost.row("PyTorch, " + file.getFileName() + " " + shape));
        }
    }

    /** Keeps the compiler from leaving out what nobody looks at. */
    private static void look(byte first) {
        if (first == Byte.MIN_VALUE && Thread.currentThread().isInterrupted()) {
            System.out.println(first);
        }
    }
}
