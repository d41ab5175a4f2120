// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The native tensors and the buffers of one call: none of them frees itself.
 *
 * <p><b>Threads:</b> confined to the thread of the call.
 *
 * <p><b>Ownership:</b> closing frees all native tensors, and every buffer that did not leave as an output.
 */
final class OnnxCall implements AutoCloseable {
    private final OrtEnvironment environment;
    private final BufferAllocator allocator;
    private final List<NativeInput> bytes = new ArrayList<>();
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
    private final Map<String, Tensor> results = new LinkedHashMap<>();

    OnnxCall(OrtEnvironment environment, BufferAllocator allocator) {
        this.environment = environment;
        this.allocator = allocator;
    }

    /** Passes {@code tensor}, whose bytes the runtime reads where they lie. */
    void bind(Port port, Tensor tensor) throws OrtException {
        NativeInput input = NativeInput.of(tensor, allocator);
        bytes.add(input);
        inputs.put(
                port.name(),
                OnnxTensor.createTensor(
                        environment,
                        input.bytes(),
                        tensor.shape().toArray(),
                        port.wrapped().orElseThrow()));
    }

    /** Has the runtime compute this output into memory of ours. */
    void pin(Port port, Shape shape) throws OrtException {
        Tensor result = allocate(port, shape);
        results.put(port.name(), result);
        pinned.put(
                port.name(),
                OnnxTensor.createTensor(
                        environment,
                        NativeOutput.of(result),
                        shape.toArray(),
                        port.wrapped().orElseThrow()));
    }

    /** Forgets what was pinned: the runtime allocates all outputs. */
    void unpin() {
        pinned.values().forEach(OnnxTensor::close);
        pinned.clear();
        results.values().forEach(Tensor::release);
        results.clear();
    }

    /** Runs the session; afterwards every output is there to be taken. */
    void run(OrtSession session, List<Port> outputs) throws OrtException {
        Set<String> unpinned = new LinkedHashSet<>();
        for (Port output : outputs) {
            if (!pinned.containsKey(output.name())) {
                unpinned.add(output.name());
            }
        }
        try (OrtSession.Result result = session.run(inputs, unpinned, pinned)) {
            for (Port output : outputs) {
                if (unpinned.contains(output.name())) {
                    copy(output, result);
                }
            }
        }
    }

    private void copy(Port port, OrtSession.Result result) {
        if (!(result.get(port.name()).orElse(null) instanceof OnnxTensor value)) {
            throw new ServingException(ErrorCode.ENGINE_FAILED, "The model gave no output '" + port.name() + "'");
        }
        Tensor copy = allocate(port, Shape.of(value.getInfo().getShape()));
        // From here on close() sees to it, whatever the rest throws.
        results.put(port.name(), copy);
        if (copy.data().size() > 0) {
            ByteBuffer content = value.getByteBuffer();
            NativeOutput.of(copy).put(content);
        }
    }

    private Tensor allocate(Port port, Shape shape) {
        long size = Math.multiplyExact(
                shape.elementCount(), (long) port.spec().type().elementBytes());
        if (size > Integer.MAX_VALUE) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "output '" + port.name() + "': " + shape + " (expected: " + Integer.MAX_VALUE + " bytes at most)");
        }
        DataBuffer data = allocator.allocate(size);
        return new Tensor(port.name(), port.spec().type(), shape, data);
    }

    /** The outputs in that order; they are the caller's from now on. */
    List<Tensor> take(List<Port> outputs) {
        List<Tensor> taken = new ArrayList<>(outputs.size());
        for (Port output : outputs) {
            taken.add(results.get(output.name()));
        }
        results.clear();
        return taken;
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        bytes.forEach(NativeInput::close);
        unpin();
    }
}
