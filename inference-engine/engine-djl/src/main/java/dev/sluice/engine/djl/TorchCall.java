// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The native values and the buffers of one call: nothing in DJL frees itself.
 *
 * <p>The module is called with values made here and not through DJL's own {@code forward}, which gives names of inputs a
 * meaning, and loses the inputs' values when the module throws.
 *
 * <p><b>Threads:</b> confined to the thread of the call.
 *
 * <p><b>Ownership:</b> owns the manager it is given; closing frees all that is native, and every copy of an input.
 */
final class TorchCall implements AutoCloseable {
    private final PtNDManager manager;
    private final BufferAllocator allocator;
    private final List<NativeInput> bytes = new ArrayList<>();
    private final List<IValue> values = new ArrayList<>();

    TorchCall(PtNDManager manager, BufferAllocator allocator) {
        this.manager = manager;
        this.allocator = allocator;
    }

    /** Calls the module; the outputs, copied once out of libtorch's memory, are the caller's. */
    List<Tensor> run(PtSymbolBlock module, List<Tensor> inputs) {
        for (Tensor input : inputs) {
            values.add(value(input));
        }
        IValue result = module.forward(values.toArray(IValue[]::new));
        values.add(result);
        Map<String, PtNDArray> arrays = new LinkedHashMap<>();
        collect(result, arrays);
        List<Tensor> outputs = new ArrayList<>(arrays.size());
        try {
            arrays.forEach((name, array) -> outputs.add(copy(name, array)));
            return outputs;
        } catch (RuntimeException | Error e) {
            outputs.forEach(Tensor::release);
            throw e;
        }
    }

    private IValue value(Tensor input) {
        ai.djl.ndarray.types.DataType type = TorchTypes.theirs(input.type())
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "input '" + input.name() + "': " + input.type() + " (expected: one of " + TorchTypes.passable()
                                + ")"));
        NativeInput readable = NativeInput.of(input, allocator);
        bytes.add(readable);
        // DJL takes the address of the whole buffer and ignores its position; these bytes start at 0.
        PtNDArray array =
                manager.create(readable.bytes(), new Shape(input.shape().toArray()), type);
        return IValue.from(array);
    }

    /** Puts the tensors in {@code value}, which may be one or hold some, into {@code arrays} under the names they go by. */
    private void collect(IValue value, Map<String, PtNDArray> arrays) {
        if (value.isTensor()) {
            arrays.put("output_" + arrays.size(), value.toTensor(manager));
        } else if (value.isMap()) {
            Map<String, IValue> sorted = new TreeMap<>(value.toIValueMap());
            values.addAll(sorted.values());
            sorted.forEach(
                    (name, entry) -> arrays.put(name, requireTensor(entry).toTensor(manager)));
        } else if (value.isTuple()) {
            collectAll(value.toIValueTuple(), arrays);
        } else if (value.isList()) {
            collectAll(value.toIValueArray(), arrays);
        } else {
            requireTensor(value);
        }
    }

    private void collectAll(IValue[] parts, Map<String, PtNDArray> arrays) {
        values.addAll(List.of(parts));
        for (IValue part : parts) {
            collect(part, arrays);
        }
    }

    private static IValue requireTensor(IValue value) {
        if (!value.isTensor()) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "The model returned a value of type " + value.getType()
                            + " (expected: a tensor, a tuple or list of tensors, or a dictionary of them)");
        }
        return value;
    }

    private Tensor copy(String name, PtNDArray array) {
        DataType type = TorchTypes.ours(array.getDataType())
                .orElseThrow(() -> new ServingException(
                        ErrorCode.ENGINE_FAILED,
                        "output '" + name + "': " + array.getDataType() + " (expected: one of " + TorchTypes.passable()
                                + ")"));
        dev.sluice.tensor.Shape shape =
                dev.sluice.tensor.Shape.of(array.getShape().getShape());
        long size = Math.multiplyExact(shape.elementCount(), (long) type.elementBytes());
        if (size > Integer.MAX_VALUE) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "output '" + name + "': " + shape + " (expected: " + Integer.MAX_VALUE + " bytes at most)");
        }
        DataBuffer data = allocator.allocate(size);
        try {
            Tensor copy = new Tensor(name, type, shape, data);
            if (size > 0) {
                NativeOutput.of(copy).put(array.toByteBuffer(true));
            }
            return copy;
        } catch (RuntimeException | Error e) {
            data.release();
            throw e;
        }
    }

    @Override
    public void close() {
        values.forEach(IValue::close);
        manager.close();
        bytes.forEach(NativeInput::close);
    }
}
