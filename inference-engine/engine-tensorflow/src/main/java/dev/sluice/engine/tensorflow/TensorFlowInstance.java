// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.SignatureCheck;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Runs one call at a time on the model's session.
 *
 * <p>Input tensors are made anew for each call: the graph may keep one, as the value of a variable for instance.
 */
final class TensorFlowInstance implements TensorInstance {
    private final LoadedGraph graph;
    private final Signature signature;
    private final BufferAllocator allocator;
    private final PointerPointer<TF_Tensor> inputs;
    private final PointerPointer<TF_Tensor> results;
    private final TF_Status status;
    private final AtomicBoolean closed = new AtomicBoolean();

    TensorFlowInstance(LoadedGraph graph, Signature signature, BufferAllocator allocator) {
        this.graph = graph;
        this.signature = signature;
        this.allocator = allocator;
        this.inputs = new PointerPointer<>(signature.inputs().size());
        this.results = new PointerPointer<>(signature.outputs().size());
        this.status = tensorflow.TF_NewStatus();
    }

    @Override
    public List<Tensor> run(List<Tensor> tensors) {
        SignatureCheck.check(signature, tensors);
        List<NativeTensor> given = new ArrayList<>(tensors.size());
        try {
            for (int i = 0; i < tensors.size(); i++) {
                NativeTensor input = NativeTensor.of(
                        countable(tensors.get(i)),
                        graph.signature().inputs().get(i).type(),
                        allocator);
                given.add(input);
                inputs.put(i, input.handle());
            }
            graph.run(inputs, results, status);
        } finally {
            given.forEach(NativeTensor::close);
        }
        if (!TensorFlowErrors.isOk(status)) {
            throw TensorFlowErrors.whileRunning(status);
        }
        return outputs();
    }

    /** The runtime ends the process when a product of sizes does not fit 63 bits, also where another size is 0. */
    private static Tensor countable(Tensor tensor) {
        Shape shape = tensor.shape();
        long product = 1;
        for (int axis = 0; axis < shape.rank(); axis++) {
            long size = Math.max(1, shape.dimension(axis));
            if (product > Integer.MAX_VALUE / size) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "input '" + tensor.name() + "': " + shape + " (expected: sizes whose product is "
                                + Integer.MAX_VALUE + " at most)");
            }
            product *= size;
        }
        return tensor;
    }

    private List<Tensor> outputs() {
        int count = signature.outputs().size();
        List<Tensor> outputs = new ArrayList<>(count);
        boolean complete = false;
        try {
            for (int i = 0; i < count; i++) {
                outputs.add(NativeTensor.copy(result(i), signature.outputs().get(i), allocator));
            }
            complete = true;
            return outputs;
        } finally {
            for (int i = 0; i < count; i++) {
                tensorflow.TF_DeleteTensor(result(i));
            }
            if (!complete) {
                outputs.forEach(Tensor::release);
            }
        }
    }

    private TF_Tensor result(int i) {
        Pointer address = results.get(i);
        return new TF_Tensor(address);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            inputs.deallocate();
            results.deallocate();
            tensorflow.TF_DeleteStatus(status);
        }
    }
}
