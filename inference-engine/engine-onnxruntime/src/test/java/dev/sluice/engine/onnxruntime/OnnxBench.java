// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.PairedCost;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** One model with one FP32 input, loaded twice: by the binding alone, and by the engine. */
final class OnnxBench implements AutoCloseable {
    private static final Duration UNLIMITED = Duration.ofDays(1);

    private final BufferAllocator allocator;
    private final Engine engine;
    private final TensorModel model;
    private final TensorInstance instance;
    private final OrtEnvironment environment;
    private final OrtSession session;

    OnnxBench(Path natives, Path file, BufferAllocator allocator) throws OrtException {
        this.allocator = allocator;
        engine = new OnnxRuntimeProvider().open(new EngineSettings(Optional.of(natives), Path.of(""), 1, allocator));
        model = engine.load(spec(file), Device.CPU);
        instance = model.newInstance();
        environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            session = environment.createSession(file.toString(), options);
        }
    }

    private static ModelSpec spec(Path file) {
        Path name = Objects.requireNonNull(file.getFileName());
        return new ModelSpec(
                new ModelId("measured", "1.0"),
                name.toString(),
                new ModelFiles(Objects.requireNonNull(file.toAbsolutePath().getParent()), Optional.of(name.toString())),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, UNLIMITED, UNLIMITED),
                Map.of());
    }

    private TensorSpec input() {
        return model.signature().inputs().get(0);
    }

    /** The cost of a batch of {@code rows} zeros; the binding's tensors are made once and used for all calls. */
    PairedCost.Cost cost(int rows, boolean freshInput) throws OrtException {
        Shape in = input().shape().withOutermost(rows);
        Shape out = model.signature().outputs().get(0).shape().withOutermost(rows);
        Tensor kept = TestTensors.zeros(allocator, input().name(), DataType.FP32, in);
        ByteBuffer memory = kept.data().view();
        try (OnnxTensor fed = tensor(memory, in);
                OnnxTensor pinned = tensor(ByteBuffer.allocateDirect((int) out.elementCount() * Float.BYTES), out)) {
            Map<String, OnnxTensor> inputs = Map.of(input().name(), fed);
            Map<String, OnnxTensor> outputs =
                    Map.of(model.signature().outputs().get(0).name(), pinned);
            List<Tensor> tensors = List.of(kept);
            return PairedCost.of(
                    () -> bare(inputs, outputs),
                    freshInput ? () -> ours(List.of(wrap(memory, in))) : () -> ours(tensors));
        } finally {
            kept.release();
        }
    }

    private OnnxTensor tensor(ByteBuffer memory, Shape shape) throws OrtException {
        return OnnxTensor.createTensor(
                environment, memory.order(ByteOrder.nativeOrder()), shape.toArray(), OnnxJavaType.FLOAT);
    }

    private Tensor wrap(ByteBuffer memory, Shape shape) {
        return new Tensor(input().name(), DataType.FP32, shape, DataBuffer.of(memory, () -> {}));
    }

    private void bare(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {
        try {
            session.run(inputs, Set.of(), outputs).close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private void ours(List<Tensor> inputs) {
        instance.run(inputs).get(0).release();
    }

    @Override
    public void close() throws OrtException {
        instance.close();
        model.close();
        session.close();
        engine.close();
    }
}
