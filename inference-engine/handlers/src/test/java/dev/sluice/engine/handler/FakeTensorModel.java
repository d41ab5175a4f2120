// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A model that is a function, and remembers what it was given and what it gave. */
final class FakeTensorModel implements TensorModel {
    final List<Shape> inputShapes = new ArrayList<>();
    final List<DataType> inputTypes = new ArrayList<>();
    final List<Tensor> outputs = new ArrayList<>();
    /** Instances not yet closed; written by the test's thread. */
    int openInstances;
    /** Written by the test's thread. */
    boolean closed;

    /** Whether it says that its calls only compute; written by the test's thread. */
    boolean computes;

    private final Signature signature;
    private final Function<Tensor, List<Tensor>> function;

    FakeTensorModel(Signature signature, Function<Tensor, List<Tensor>> function) {
        this.signature = signature;
        this.function = function;
    }

    /** Declares one input and gives back what it gets. */
    static FakeTensorModel echo(DataType type, long... shape) {
        return new FakeTensorModel(input(type, shape), FakeTensorModel::copy);
    }

    /** Declares nothing and answers every row with the same scores. */
    static FakeTensorModel scoring(float... scores) {
        return new FakeTensorModel(Signature.UNDECLARED, input -> {
            int rows = (int) input.shape().dimension(0);
            ByteBuffer bytes = ByteBuffer.allocate(rows * scores.length * 4).order(ByteOrder.LITTLE_ENDIAN);
            for (int row = 0; row < rows; row++) {
                for (float score : scores) {
                    bytes.putFloat(score);
                }
            }
            return List.of(tensor("scores", DataType.FP32, Shape.of(rows, scores.length), bytes.array()));
        });
    }

    static Signature input(DataType type, long... shape) {
        return new Signature(List.of(new TensorSpec("x", type, Shape.of(shape))), List.of());
    }

    static Tensor tensor(String name, DataType type, Shape shape, byte[] bytes) {
        return new Tensor(name, type, shape, DataBuffer.wrap(bytes));
    }

    static List<Tensor> copy(Tensor input) {
        return List.of(tensor("y", input.type(), input.shape(), input.data().toByteArray()));
    }

    @Override
    public boolean isComputeOnly() {
        return computes;
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public TensorInstance newInstance() {
        openInstances++;
        return new TensorInstance() {
            @Override
            public List<Tensor> run(List<Tensor> inputs) {
                Tensor input = inputs.get(0);
                if (!input.data().view().isDirect()) {
                    throw new IllegalArgumentException("input is not in direct memory");
                }
                inputShapes.add(input.shape());
                inputTypes.add(input.type());
                List<Tensor> result = function.apply(input);
                outputs.addAll(result);
                return result;
            }

            @Override
            public void close() {
                openInstances--;
            }
        };
    }

    @Override
    public void close() {
        closed = true;
    }
}
