// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ShapeTest {
    private static long[] array(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    /** Planted: the product without the check for overflow; the check without the one for zero. */
    @Property
    void countsElementsOrSaysTheyAreTooMany(
            @ForAll @Size(max = 5) List<@LongRange(min = 0, max = 1L << 40) Long> dimensions) {
        BigInteger expected = dimensions.stream().map(BigInteger::valueOf).reduce(BigInteger.ONE, BigInteger::multiply);
        Shape shape = Shape.of(array(dimensions));

        if (expected.bitLength() < Long.SIZE) {
            assertThat(shape.elementCount()).isEqualTo(expected.longValueExact());
        } else {
            assertThatIllegalArgumentException()
                    .isThrownBy(shape::elementCount)
                    .withMessage("shape " + shape + " has more elements than a long can count");
        }
    }

    @Test
    void countsNothingWhereADimensionIsZeroHoweverLargeTheOthers() {
        assertThat(Shape.of(1L << 40, 1L << 40, 0).elementCount()).isZero();
        assertThat(Shape.of().elementCount()).isEqualTo(1);
    }

    @Test
    void hasNoElementCountWhileOpen() {
        assertThat(Shape.of(0, Shape.ANY).isConcrete()).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(Shape.of(0, Shape.ANY)::elementCount)
                .withMessage("shape [0, -1] has no element count: a dimension is open");
    }

    @Test
    void refusesDimensionsBelowMinusOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Shape.of(1, -2))
                .withMessage("dimension: -2 (expected: -1 or more)");
    }

    @Property
    void acceptsEveryShapeThatDiffersOnlyWhereItIsOpen(
            @ForAll @Size(min = 1, max = 4) List<@LongRange(min = 0, max = 9) Long> sizes, @ForAll int seed) {
        long[] actual = array(sizes);
        int opened = Math.floorMod(seed, actual.length);
        long[] declared = actual.clone();
        declared[opened] = Shape.ANY;
        long[] other = actual.clone();
        other[opened]++;

        assertThat(Shape.of(declared).accepts(Shape.of(actual))).isTrue();
        assertThat(Shape.of(declared).accepts(Shape.of(other))).isTrue();
        assertThat(Shape.of(actual).accepts(Shape.of(other))).isFalse();
        assertThat(Shape.of(declared).accepts(Shape.of(actual).rows(1))).isFalse();
    }

    @Test
    void addsTakesAndReplacesTheOutermostDimension() {
        Shape image = Shape.of(3, 224);

        assertThat(image.rows(8)).isEqualTo(Shape.of(8, 3, 224));
        assertThat(image.rows(8).row()).isEqualTo(image);
        assertThat(image.withOutermost(1)).isEqualTo(Shape.of(1, 224));
        assertThat(Shape.of(7).row()).isEqualTo(Shape.of());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Shape.of().row())
                .withMessage("rank: 0 (expected: 1 or more)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Shape.of().withOutermost(1))
                .withMessage("rank: 0 (expected: 1 or more)");
    }

    @Test
    void sharesNoArrayWithItsCallers() {
        long[] mine = {1, 2};
        Shape shape = Shape.of(mine);
        mine[0] = 9;
        shape.toArray()[1] = 9;

        assertThat(shape)
                .isEqualTo(Shape.of(1, 2))
                .hasSameHashCodeAs(Shape.of(1, 2))
                .hasToString("[1, 2]");
        assertThat(shape.dimension(1)).isEqualTo(2);
        assertThat(shape.rank()).isEqualTo(2);
    }
}
