// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.Engine;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.CostModel;
import dev.sluice.engine.testing.PairedCost;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.model.Device;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.BuiltinOpResolver;
import org.bytedeco.tensorflowlite.FlatBufferModel;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.InterpreterBuilder;

/**
 * What a call through our SPI costs over TF Lite's own: an interpreter planned before, its input in the arena already, its output
 * left there. Run by hand with the module's test class path, in the module's folder:
 * {@code TfLiteCost <folder of models> [resnet18] [batch sizes]}; integration-tests/benchmarks/models/make.py writes the models.
 */
public final class TfLiteCost {
    private TfLiteCost() {}

    public static void main(String[] args) throws IOException {
        Path natives = Path.of("target/native").toAbsolutePath();
        CostModel model = CostModel.of(args);
        Path file = Path.of(args[0]).resolve(model.name() + ".tflite");
        BufferAllocator allocator = CostModel.reusing();
        try (Engine engine = new TfLiteProvider().open(CostModel.settings(natives, allocator));
                TensorModel loaded = engine.load(CostModel.spec(file), Device.CPU)) {
            System.out.println(PairedCost.head());
            for (int rows : model.batches()) {
                try (TensorInstance instance = loaded.newInstance()) {
                    Shape shape = model.row().rows(rows);
                    float[] numbers = model.numbers(rows);
                    List<Tensor> inputs =
                            List.of(TestTensors.floats(BufferAllocator.unpooled(), model.input(), shape, numbers));
                    Interpreter bare = interpreter(file, shape, numbers);
                    PairedCost.Cost cost = PairedCost.of(
                            () -> bare.Invoke(), () -> instance.run(inputs).forEach(Tensor::release));
                    System.out.println(cost.row("TF Lite, " + model.name() + ", batch " + rows));
                    bare.deallocate();
                }
            }
        }
    }

    /** Never frees the model's bytes, which the interpreter reads. */
    private static Interpreter interpreter(Path file, Shape shape, float[] numbers) throws IOException {
        BytePointer bytes = new BytePointer(Files.readAllBytes(file));
        FlatBufferModel model = FlatBufferModel.BuildFromBuffer(bytes, bytes.capacity());
        Interpreter interpreter = new Interpreter((Pointer) null);
        InterpreterBuilder builder = new InterpreterBuilder(model, new BuiltinOpResolver());
        builder.SetNumThreads(1);
        builder.apply(interpreter);
        List<Integer> sizes = new ArrayList<>();
        for (long size : shape.toArray()) {
            sizes.add((int) size);
        }
        interpreter.ResizeInputTensor(
                interpreter.inputs().get(0),
                sizes.stream().mapToInt(Integer::intValue).toArray());
        interpreter.AllocateTensors();
        FloatBuffer arena = interpreter
                .typed_input_tensor_float(0)
                .<org.bytedeco.javacpp.FloatPointer>capacity(numbers.length)
                .asBuffer();
        arena.put(numbers);
        return interpreter;
    }
}
