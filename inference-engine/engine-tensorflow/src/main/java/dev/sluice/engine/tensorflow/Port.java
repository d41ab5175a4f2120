// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * One input or output of a signature.
 *
 * @param type TensorFlow's number of the type
 * @param operation name of the graph's operation that gives it
 * @param index which of that operation's results it is
 */
record Port(TensorSpec spec, int type, String operation, int index) {
    /** @throws ServingException {@code INVALID_MODEL} if it is nothing that can be passed */
    static Port input(String name, TensorInfo info) {
        if (info.getTensorShape().getUnknownRank()) {
            throw invalid("input", name, "has no declared rank", "[-1] or more dimensions; declare them at the export");
        }
        return of("input", name, info);
    }

    /** An output of no declared rank counts as one with rows, of which nothing else is known. */
    static Port output(String name, TensorInfo info) {
        return of("output", name, info);
    }

    private static Port of(String role, String name, TensorInfo info) {
        if (info.getEncodingCase() != TensorInfo.EncodingCase.NAME) {
            throw invalid(role, name, "is sparse or composite", "a plain tensor");
        }
        DataType type = TensorFlowTypes.ours(info.getDtypeValue())
                .orElseThrow(() -> invalid(
                        role,
                        name,
                        "holds " + info.getDtype() + " values",
                        "booleans, integers, floating-point numbers or strings"));
        String tensor = info.getName();
        int colon = tensor.lastIndexOf(':');
        try {
            int index = colon < 0 ? 0 : Integer.parseInt(tensor.substring(colon + 1));
            String operation = colon < 0 ? tensor : tensor.substring(0, colon);
            return new Port(
                    new TensorSpec(name, type, shape(info.getTensorShape())), info.getDtypeValue(), operation, index);
        } catch (IllegalArgumentException e) {
            throw invalid(role, name, "is tensor " + tensor, "operation:index, and sizes from -1");
        }
    }

    private static Shape shape(TensorShapeProto declared) {
        if (declared.getUnknownRank()) {
            return Shape.of(Shape.ANY);
        }
        return Shape.of(declared.getDimList().stream()
                .mapToLong(TensorShapeProto.Dim::getSize)
                .toArray());
    }

    private static ServingException invalid(String role, String name, String what, String expected) {
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                NativeMessage.clean("Model's " + role + " '" + name + "' " + what + " (expected: " + expected + ")"));
    }
}
