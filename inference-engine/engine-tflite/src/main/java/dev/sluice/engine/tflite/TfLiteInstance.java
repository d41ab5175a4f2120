// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.SignatureCheck;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs one call at a time on the interpreter that is planned for inputs of its shapes. A few are kept, since planning takes as
 * long as many calls; the one not used for longest is planned anew when other shapes come.
 */
final class TfLiteInstance implements TensorInstance {
    /** Each has memory for all tensors of one call, and its own copy of the weights. */
    static final int MOST_INTERPRETERS = 4;

    private final FlatModel flat;
    private final Signature signature;
    private final BufferAllocator allocator;

    /** The one used last comes first. Changed by whoever runs the instance, one at a time. */
    private final List<PlannedInterpreter> planned = new ArrayList<>(MOST_INTERPRETERS);

    TfLiteInstance(FlatModel flat, Signature signature, BufferAllocator allocator) {
        this.flat = flat;
        this.signature = signature;
        this.allocator = allocator;
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        SignatureCheck.check(signature, inputs);
        PlannedInterpreter interpreter = plannedFor(inputs);
        try {
            for (int i = 0; i < inputs.size(); i++) {
                interpreter.write(i, inputs.get(i), allocator);
            }
            interpreter.invoke();
        } catch (ServingException e) {
            if (e.code() != ErrorCode.INVALID_INPUT) {
                // Nobody promises what it computes after it failed in the middle.
                planned.remove(interpreter);
                interpreter.close();
            }
            throw e;
        }
        return outputs(interpreter);
    }

    private PlannedInterpreter plannedFor(List<Tensor> inputs) {
        for (int i = 0; i < planned.size(); i++) {
            PlannedInterpreter candidate = planned.get(i);
            if (candidate.isFor(inputs)) {
                if (i > 0) {
                    planned.remove(i);
                    planned.add(0, candidate);
                }
                return candidate;
            }
        }
        return plan(inputs);
    }

    private PlannedInterpreter plan(List<Tensor> inputs) {
        List<Shape> shapes = new ArrayList<>(inputs.size());
        for (Tensor input : inputs) {
            shapes.add(runnable(input));
        }
        PlannedInterpreter interpreter = planned.size() < MOST_INTERPRETERS
                ? new PlannedInterpreter(flat.newInterpreter())
                : planned.remove(planned.size() - 1);
        try {
            interpreter.plan(shapes);
        } catch (RuntimeException | Error e) {
            interpreter.close();
            throw e;
        }
        planned.add(0, interpreter);
        return interpreter;
    }

    /** The interpreter counts in {@code int}, and some of its operators do not expect to be given nothing. */
    private static Shape runnable(Tensor input) {
        Shape shape = input.shape();
        for (int axis = 0; axis < shape.rank(); axis++) {
            if (shape.dimension(axis) < 1 || shape.dimension(axis) > Integer.MAX_VALUE) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "input '" + input.name() + "': " + shape + " (expected: dimensions of 1.." + Integer.MAX_VALUE
                                + ")");
            }
        }
        return shape;
    }

    private List<Tensor> outputs(PlannedInterpreter interpreter) {
        List<TensorSpec> declared = signature.outputs();
        List<Tensor> outputs = new ArrayList<>(declared.size());
        try {
            for (int i = 0; i < declared.size(); i++) {
                outputs.add(interpreter.read(i, declared.get(i), allocator));
            }
            return outputs;
        } catch (RuntimeException | Error e) {
            outputs.forEach(Tensor::release);
            throw e;
        }
    }

    @Override
    public void close() {
        planned.forEach(PlannedInterpreter::close);
        planned.clear();
    }
}
