// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.engine.Batch;
import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.handler.BaseHandlerProvider;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code base_handler} in front of a model that looks at nothing. Its memory is taken once and used again: no pool is measured. */
public final class RowHandler implements AutoCloseable {
    private static final ModelId MODEL = new ModelId("m", "1");

    private final ModelInstance instance;

    private RowHandler(int numbers, DataType type) {
        ModelSpec spec = new ModelSpec(
                MODEL,
                "m",
                new ModelFiles(Path.of("nowhere"), Optional.empty()),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                Map.of());
        ByteBuffer row = ByteBuffer.allocateDirect(numbers * type.elementBytes());
        ByteBuffer answer = ByteBuffer.allocateDirect(64);
        BufferAllocator allocator = bytes ->
                DataBuffer.of((bytes <= 64 ? answer : row).slice(0, BufferAllocator.checkedSize(bytes)), () -> {});
        instance = new BaseHandlerProvider()
                .attach(new Blind(numbers, type), spec, new HandlerContext(allocator))
                .newInstance();
    }

    public static RowHandler none() {
        return new RowHandler(1, DataType.FP32);
    }

    public static RowHandler of(int numbers, DataType type) {
        return new RowHandler(numbers, type);
    }

    /** Answers one request, whose inputs stay the caller's. */
    public List<Outcome> execute(InferenceRequest request) {
        return instance.execute(new Batch(MODEL, List.of(request)));
    }

    @Override
    public void close() {
        instance.close();
    }

    private record Blind(int numbers, DataType type) implements TensorModel {
        @Override
        public Signature signature() {
            return new Signature(List.of(new TensorSpec("x", type, Shape.of(Shape.ANY, numbers))), List.of());
        }

        @Override
        public TensorInstance newInstance() {
            return new TensorInstance() {
                @Override
                public List<Tensor> run(List<Tensor> inputs) {
                    return List.of(new Tensor("y", DataType.INT8, Shape.of(1, 1), DataBuffer.wrap(new byte[1])));
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }
}
