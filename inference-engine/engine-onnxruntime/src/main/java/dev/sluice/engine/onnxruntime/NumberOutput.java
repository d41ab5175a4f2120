// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Numbers, computed into the memory they leave in where their shape is known before the call, and copied there where it is not.
 *
 * <p>A small output of the shape of the one before comes from the {@link OutputShelf}, all others from the allocator.
 */
final class NumberOutput implements OutputBinding {
    private final OrtEnvironment environment;
    private final BufferAllocator allocator;
    private final TensorSpec spec;
    private final OutputPlan plan;
    private final Optional<OnnxJavaType> type;
    private final OutputShelf shelf;

    /** Written by whoever runs the instance: the shape planned for the call before. */
    private @Nullable Shape previous;

    /** Written by whoever runs the instance: where the output of the call under way goes. */
    private @Nullable Tensor result;

    /** Written by whoever runs the instance: what the runtime knows it by, unless that is kept on the shelf. */
    private @Nullable OnnxTensor passing;

    NumberOutput(OrtEnvironment environment, BufferAllocator allocator, TensorSpec spec, OutputPlan plan) {
        this.environment = environment;
        this.allocator = allocator;
        this.spec = spec;
        this.plan = plan;
        this.type = OnnxTypes.wrapped(spec.type());
        this.shelf = new OutputShelf();
    }

    @Override
    public @Nullable OnnxTensor pin(List<Tensor> inputs) throws OrtException {
        if (type.isEmpty()) {
            return null;
        }
        Shape shape = previous;
        if (shape != null && plan.confirms(shape, inputs)) {
            return OutputShelf.takes(size(shape)) ? reuse(shape) : allocate(shape);
        }
        Shape planned = plan.predict(inputs).orElse(null);
        previous = planned;
        return planned == null ? null : allocate(planned);
    }

    private OnnxTensor reuse(Shape shape) throws OrtException {
        OutputSlot slot = shelf.take(shape);
        if (slot == null) {
            slot = OutputSlot.of(environment, shelf, shape, (int) size(shape), type.orElseThrow());
        }
        result = slot.lend(spec, allocator);
        return slot.pinned();
    }

    private OnnxTensor allocate(Shape shape) throws OrtException {
        Tensor fresh = fresh(shape);
        result = fresh;
        OnnxTensor made =
                OnnxTensor.createTensor(environment, NativeOutput.of(fresh), shape.toArray(), type.orElseThrow());
        passing = made;
        return made;
    }

    private Tensor fresh(Shape shape) {
        long size = size(shape);
        if (size > Integer.MAX_VALUE) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "output '" + spec.name() + "': " + shape + " (expected: " + Integer.MAX_VALUE + " bytes at most)");
        }
        return new Tensor(spec.name(), spec.type(), shape, allocator.allocate(size));
    }

    private long size(Shape shape) {
        return Math.multiplyExact(shape.elementCount(), (long) spec.type().elementBytes());
    }

    @Override
    public void unpin() {
        pass();
        if (result != null) {
            result.release();
            result = null;
        }
    }

    private void pass() {
        if (passing != null) {
            passing.close();
            passing = null;
        }
    }

    @Override
    public Tensor take(OnnxValue value) {
        Tensor computed = result;
        if (computed != null) {
            pass();
            result = null;
            return computed;
        }
        if (!(value instanceof OnnxTensor tensor)) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED, "output '" + spec.name() + "': no tensor (expected: " + spec.type() + ")");
        }
        return copy(tensor);
    }

    private Tensor copy(OnnxTensor tensor) {
        Tensor copy = fresh(Shape.of(tensor.getInfo().getShape()));
        try {
            if (copy.data().size() > 0) {
                NativeOutput.of(copy).put(tensor.getByteBuffer());
            }
            return copy;
        } catch (RuntimeException | Error e) {
            copy.release();
            throw e;
        }
    }

    @Override
    public void close() {
        shelf.close();
    }
}
