// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.MapInfo;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import dev.sluice.engine.SignatureCheck;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * One input or output as the model's file declares it.
 *
 * @param spec as what it is passed
 * @param symbols a name per dimension: dimensions of one name have one size in a call; empty where the size is fixed or open
 *     without a name
 * @param isMap whether the runtime gives it as maps from class to number
 */
record Port(TensorSpec spec, List<String> symbols, boolean isMap) {
    /** @throws ServingException {@code INVALID_MODEL} if it is no tensor, or of a type that cannot be passed */
    static Port input(NodeInfo node) {
        if (node.getInfo() instanceof TensorInfo tensor) {
            return of("input", node.getName(), tensor);
        }
        throw unsupported("input", node.getName(), "a sequence or a map", "a tensor");
    }

    /** @throws ServingException {@code INVALID_MODEL} if it is neither a tensor nor a table of classes, or of a type that cannot be read */
    static Port output(NodeInfo node) {
        if (node.getInfo() instanceof TensorInfo tensor) {
            return of("output", node.getName(), tensor);
        }
        if (node.getInfo() instanceof SequenceInfo sequence
                && sequence.isSequenceOfMaps()
                && isClasses(sequence.mapInfo)) {
            TensorSpec table = new TensorSpec(node.getName(), DataType.FP32, Shape.of(Shape.ANY, Shape.ANY));
            return new Port(table, List.of("", ""), true);
        }
        throw unsupported(
                "output",
                node.getName(),
                "a sequence or a map",
                "a tensor, or a sequence of maps from class to FP32; put SequenceAt or ConcatFromSequence behind it");
    }

    private static boolean isClasses(MapInfo map) {
        return map.valueType == OnnxJavaType.FLOAT
                && (map.keyType == OnnxJavaType.INT64 || map.keyType == OnnxJavaType.STRING);
    }

    private static Port of(String role, String name, TensorInfo tensor) {
        DataType type = OnnxTypes.ours(tensor.onnxType)
                .orElseThrow(() -> unsupported(
                        role,
                        name,
                        tensor.onnxType.name().replace("ONNX_TENSOR_ELEMENT_DATA_TYPE_", "") + " values",
                        "BOOL, integers, FP16, BF16, FP32, FP64 or texts"));
        return new Port(
                new TensorSpec(name, type, Shape.of(tensor.getShape())),
                Arrays.asList(tensor.getDimensionNames()),
                false);
    }

    private static ServingException unsupported(String role, String name, String what, String expected) {
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                "Model's " + role + " '" + name + "' holds " + what + " (expected: " + expected + ")");
    }

    String name() {
        return spec.name();
    }

    /** Whether the file says what shape it has: the binding shows a tensor without one as a scalar. */
    boolean hasShape() {
        return spec.shape().rank() > 0;
    }

    /** @throws ServingException {@code INVALID_INPUT} if {@code actual} may not be passed here */
    void check(Tensor actual) {
        if (hasShape()) {
            SignatureCheck.check(spec, actual);
        } else if (actual.type() != spec.type()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + spec.name() + "': " + actual.type() + " " + actual.shape() + " (expected: "
                            + spec.type() + " of any shape)");
        }
    }
}
