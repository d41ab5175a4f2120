// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TensorTest {
    @Test
    void takesExactlyTheBytesItsShapeNeeds() {
        DataBuffer data = DataBuffer.wrap(new byte[24]);

        assertThat(new Tensor("x", DataType.FP32, Shape.of(2, 3), data).shape()).isEqualTo(Shape.of(2, 3));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tensor("x", DataType.FP32, Shape.of(2, 2), data))
                .withMessage("tensor 'x': 24 bytes (expected: 4 x 4 for FP32 [2, 2])");
        assertThat(data.references()).isEqualTo(1);
    }

    /** Planted: the byte count as a plain product, which wraps to 0 here. */
    @Test
    void refusesShapesWhoseBytesNoLongCanCount() {
        DataBuffer nothing = DataBuffer.wrap(new byte[0]);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tensor("x", DataType.FP64, Shape.of(1L << 61), nothing))
                .withMessageStartingWith("tensor 'x': 0 bytes (expected: 2305843009213693952 x 8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tensor("x", DataType.BYTES, Shape.of(1L << 61, 8), nothing));
    }

    @Test
    void refusesOpenShapes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tensor("x", DataType.BYTES, Shape.of(Shape.ANY), DataBuffer.wrap(new byte[4])))
                .withMessageContaining("a dimension is open");
    }

    @Test
    void givesItsCountBack() {
        DataBuffer data = DataBuffer.wrap(new byte[1]);
        new Tensor("x", DataType.BOOL, Shape.of(), data).release();

        assertThat(data.references()).isZero();
    }
}
