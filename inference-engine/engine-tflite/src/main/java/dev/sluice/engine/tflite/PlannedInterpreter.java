// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * An interpreter with memory for inputs of certain shapes and all that follows from them.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 *
 * <p><b>Ownership:</b> owns the interpreter.
 */
final class PlannedInterpreter implements AutoCloseable {
    private final Interpreter interpreter;
    private final int[] inputTensors;
    private final int outputCount;
    private final boolean hasVariables;

    /** Written by {@link #plan}; empty until it has succeeded. */
    private List<Shape> shapes = List.of();

    /** Written by {@link #plan}. */
    private List<NativeTensor> inputs = List.of();

    /** Written by {@link #plan}. */
    private List<NativeTensor> outputs = List.of();

    /** Whether tensors move in the middle of a call, since the shape of one depends on the data. Written by {@link #plan}. */
    private boolean moves;

    PlannedInterpreter(Interpreter interpreter) {
        this.interpreter = interpreter;
        this.inputTensors = ints(interpreter.inputs());
        this.outputCount = ints(interpreter.outputs()).length;
        this.hasVariables = ints(interpreter.variables()).length > 0;
    }

    private static int[] ints(IntPointer copy) {
        if (Pointer.isNull(copy)) {
            return new int[0];
        }
        try {
            int[] ints = new int[Math.toIntExact(copy.limit())];
            copy.get(ints);
            return ints;
        } finally {
            copy.deallocate();
        }
    }

    /**
     * Makes it ready for inputs of {@code wanted}, one shape per input. After a failure it can only be closed.
     *
     * @throws ServingException {@code INVALID_INPUT} if the model's operators do not go together with these shapes
     */
    void plan(List<Shape> wanted) {
        boolean taken = true;
        for (int i = 0; i < wanted.size(); i++) {
            taken &= interpreter.ResizeInputTensor(inputTensors[i], sizes(wanted.get(i))) == tensorflowlite.kTfLiteOk;
        }
        if (!taken || interpreter.AllocateTensors() != tensorflowlite.kTfLiteOk) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "inputs: " + wanted + " (expected: shapes that the model's operators can compute with)");
        }
        moves = interpreter.primary_subgraph().HasDynamicTensors();
        shapes = List.copyOf(wanted);
        inputs = new ArrayList<>();
        for (int i = 0; i < inputTensors.length; i++) {
            inputs.add(NativeTensor.of(interpreter.input_tensor(i)));
        }
        outputs = new ArrayList<>();
        for (int i = 0; i < outputCount && !moves; i++) {
            outputs.add(NativeTensor.of(interpreter.output_tensor(i)));
        }
    }

    private static int[] sizes(Shape shape) {
        int[] sizes = new int[shape.rank()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = Math.toIntExact(shape.dimension(i));
        }
        return sizes;
    }

    /** Whether it was planned for the shapes of {@code tensors}. */
    boolean isFor(List<Tensor> tensors) {
        if (tensors.size() != shapes.size()) {
            return false;
        }
        for (int i = 0; i < shapes.size(); i++) {
            if (!shapes.get(i).equals(tensors.get(i).shape())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Copies {@code tensor} to where the interpreter reads input {@code i}.
     *
     * @param allocator of memory for bytes that cannot be read where they are
     */
    void write(int i, Tensor tensor, BufferAllocator allocator) {
        NativeTensor input = moves ? NativeTensor.of(interpreter.input_tensor(i)) : inputs.get(i);
        input.write(tensor, allocator);
    }

    /** @throws ServingException {@code ENGINE_FAILED} if an operator failed */
    void invoke() {
        if (hasVariables) {
            // Rows of different requests must not see each other.
            interpreter.ResetVariableTensors();
        }
        if (interpreter.Invoke() != tensorflowlite.kTfLiteOk) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "The model failed on this input; TF Lite says why on the server's standard error");
        }
    }

    /** Output {@code i} of the last call, copied; owned by the caller. */
    Tensor read(int i, TensorSpec declared, BufferAllocator allocator) {
        NativeTensor output = moves ? NativeTensor.of(interpreter.output_tensor(i)) : outputs.get(i);
        return output.read(declared, allocator);
    }

    @Override
    public void close() {
        interpreter.deallocate();
    }
}
