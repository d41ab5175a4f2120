// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignatureCheckTest {
    private static final Signature TWO = new Signature(
            List.of(
                    new TensorSpec("image", DataType.FP32, Shape.of(-1, 1, 8, 8)),
                    new TensorSpec("scale", DataType.INT64, Shape.of(-1))),
            List.of());

    private static Tensor tensor(String name, DataType type, long... shape) {
        Shape of = Shape.of(shape);
        return new Tensor(name, type, of, BufferAllocator.unpooled().allocate(of.elementCount() * type.elementBytes()));
    }

    private static final Tensor IMAGE = tensor("image", DataType.FP32, 2, 1, 8, 8);
    private static final Tensor SCALE = tensor("scale", DataType.INT64, 2);

    @Test
    void takesWhatIsDeclared() {
        SignatureCheck.check(TWO, List.of(IMAGE, SCALE));
        SignatureCheck.check(Signature.UNDECLARED, List.of(SCALE));
    }

    /** Planted: a check of the rank alone. */
    @Test
    void saysWhichInputWhatCameAndWhatTheModelWants() {
        refuses(List.of(IMAGE), "inputs: 1 (expected: 2, 'image' FP32 [-1, 1, 8, 8], 'scale' INT64 [-1])");
        refuses(
                List.of(tensor("image", DataType.FP32, 2, 1, 8, 9), SCALE),
                "input 'image': FP32 [2, 1, 8, 9] (expected: FP32 [-1, 1, 8, 8])");
        refuses(
                List.of(tensor("image", DataType.FP32, 8, 8), SCALE),
                "input 'image': FP32 [8, 8] (expected: FP32 [-1, 1, 8, 8])");
        refuses(List.of(IMAGE, tensor("scale", DataType.INT32, 2)), "input 'scale': INT32 [2] (expected: INT64 [-1])");
    }

    @Test
    void putsNamedTensorsInOrder() {
        assertThat(SignatureCheck.inDeclaredOrder(TWO, List.of(SCALE, IMAGE))).containsExactly(IMAGE, SCALE);
        assertThat(SignatureCheck.inDeclaredOrder(Signature.UNDECLARED, List.of(SCALE, IMAGE)))
                .containsExactly(SCALE, IMAGE);
    }

    @Test
    void refusesNamesThatAreUnknownMissingOrTwice() {
        refusesNames(
                List.of(IMAGE, tensor("sclae", DataType.INT64, 2)),
                "input 'sclae': unknown (expected: one of 'image' FP32 [-1, 1, 8, 8], 'scale' INT64 [-1])");
        refusesNames(List.of(IMAGE), "input 'scale': missing (expected: INT64 [-1])");
        refusesNames(List.of(IMAGE, SCALE, IMAGE), "input 'image': there 2 times (expected: FP32 [-1, 1, 8, 8], once)");
    }

    private static void refuses(List<Tensor> inputs, String message) {
        assertThatThrownBy(() -> SignatureCheck.check(TWO, inputs))
                .isInstanceOfSatisfying(ServingException.class, e -> assertFault(e, message));
    }

    private static void refusesNames(List<Tensor> inputs, String message) {
        assertThatThrownBy(() -> SignatureCheck.inDeclaredOrder(TWO, inputs))
                .isInstanceOfSatisfying(ServingException.class, e -> assertFault(e, message));
    }

    private static void assertFault(ServingException fault, String message) {
        assertThat(fault.code()).isEqualTo(ErrorCode.INVALID_INPUT);
        assertThat(fault.safeMessage()).isEqualTo(message);
    }
}
