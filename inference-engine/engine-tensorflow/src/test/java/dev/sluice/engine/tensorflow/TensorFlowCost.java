// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

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
import java.nio.file.Path;
import java.util.List;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;

/**
 * What a call through our SPI costs over tensorflow-java's best own way: a session that runs operators on the calling thread, an
 * input tensor used again, the output left where it is. Run by hand with the module's test class path, in the module's folder:
 * {@code TensorFlowCost <folder of models> [resnet18] [batch sizes]}; integration-tests/benchmarks/models/make.py writes the
 * models.
 */
public final class TensorFlowCost {
    private TensorFlowCost() {}

    public static void main(String[] args) {
        Path natives = Path.of("target/native").toAbsolutePath();
        CostModel model = CostModel.of(args);
        Path folder = Path.of(args[0]).resolve(model.name());
        BufferAllocator allocator = CostModel.reusing();
        try (Engine engine = new TensorFlowProvider().open(CostModel.settings(natives, allocator));
                TensorModel loaded = engine.load(CostModel.spec(folder.resolve("saved_model.pb")), Device.CPU);
                SavedModelBundle bare = bundle(folder)) {
            SignatureDef signature = bare.metaGraphDef().getSignatureDefOrThrow("serving_default");
            String feed = signature.getInputsOrThrow(model.input()).getName();
            String fetch = signature.getOutputsMap().values().iterator().next().getName();
            System.out.println(PairedCost.head());
            for (int rows : model.batches()) {
                Shape shape = model.row().rows(rows);
                float[] numbers = model.numbers(rows);
                List<Tensor> inputs =
                        List.of(TestTensors.floats(BufferAllocator.unpooled(), model.input(), shape, numbers));
                try (TensorInstance instance = loaded.newInstance();
                        TFloat32 input = TFloat32.tensorOf(
                                org.tensorflow.ndarray.Shape.of(shape.toArray()), DataBuffers.of(numbers))) {
                    Session session = bare.session();
                    PairedCost.Cost cost = PairedCost.of(
                            () -> session.runner()
                                    .feed(feed, input)
                                    .fetch(fetch)
                                    .run()
                                    .close(),
                            () -> instance.run(inputs).forEach(Tensor::release));
                    System.out.println(cost.row("TensorFlow, " + model.name() + ", batch " + rows));
                }
            }
        }
    }

    private static SavedModelBundle bundle(Path folder) {
        ConfigProto config = ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(1)
                .setInterOpParallelismThreads(-1)
                .build();
        return SavedModelBundle.loader(folder.toString())
                .withTags("serve")
                .withConfigProto(config)
                .load();
    }
}
