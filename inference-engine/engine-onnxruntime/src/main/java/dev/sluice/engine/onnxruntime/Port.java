// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One input or output as the model's file declares it.
 *
 * @param symbols a name per dimension: dimensions of one name have one size in a call; empty where the size is fixed or open
 *     without a name
 */
record Port(TensorSpec spec, List<String> symbols) {
    /** @throws ServingException {@code INVALID_MODEL} if it is no tensor, or of a type that cannot be passed */
    static Port input(NodeInfo node) {
        Port port = of(node, "input");
        if (port.wrapped().isEmpty()) {
            throw unsupported("input", node.getName(), port.spec.type() + " values");
        }
        return port;
    }

    /** @throws ServingException {@code INVALID_MODEL} if it is no tensor, or of a type that cannot be read */
    static Port output(NodeInfo node) {
        Port port = of(node, "output");
        if (port.spec.type() == DataType.BYTES) {
            throw unsupported("output", node.getName(), "BYTES values");
        }
        return port;
    }

    private static Port of(NodeInfo node, String role) {
        if (!(node.getInfo() instanceof TensorInfo tensor)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "Model's " + role + " '" + node.getName()
                            + "' is a sequence or a map (expected: a tensor; for scikit-learn classifiers, export with"
                            + " zipmap=False)");
        }
        DataType type = OnnxTypes.ours(tensor.onnxType)
                .orElseThrow(() -> unsupported(role, node.getName(), tensor.onnxType + " values"));
        return new Port(
                new TensorSpec(node.getName(), type, Shape.of(tensor.getShape())),
                Arrays.asList(tensor.getDimensionNames()));
    }

    private static ServingException unsupported(String role, String name, String what) {
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                "Model's " + role + " '" + name + "' holds " + what
                        + " (expected: numbers of a type the ONNX Runtime binding passes)");
    }

    String name() {
        return spec.name();
    }

    Optional<OnnxJavaType> wrapped() {
        return OnnxTypes.wrapped(spec.type());
    }

    /** Whether the file says what shape it has: the binding shows a tensor without one as a scalar. */
    boolean hasShape() {
        return spec.shape().rank() > 0;
    }

    /** @throws ServingException {@code INVALID_INPUT} if {@code actual} may not be passed here */
    void check(Tensor actual) {
        boolean fits =
                actual.type() == spec.type() && (!hasShape() || spec.shape().accepts(actual.shape()));
        if (!fits) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + spec.name() + "': " + actual.type() + " " + actual.shape() + " (expected: "
                            + spec.type() + " " + spec.shape() + ")");
        }
    }
}
