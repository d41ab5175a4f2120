// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.util.Arrays;

/**
 * Dimensions of a tensor, outermost first. {@link #ANY} (-1) stands for a dimension that is only known per request; a
 * dimension of 0 means no elements; rank 0 is a scalar.
 */
public final class Shape {
    /** A dimension whose size is not fixed. */
    public static final long ANY = -1;

    private static final Shape SCALAR = new Shape(new long[0]);

    private final long[] dimensions;

    private Shape(long[] dimensions) {
        this.dimensions = dimensions;
    }

    /**
     * A shape of the given dimensions.
     *
     * @throws IllegalArgumentException if one is below -1
     */
    public static Shape of(long... dimensions) {
        if (dimensions.length == 0) {
            return SCALAR;
        }
        for (long dimension : dimensions) {
            if (dimension < ANY) {
                throw new IllegalArgumentException("dimension: " + dimension + " (expected: -1 or more)");
            }
        }
        return new Shape(dimensions.clone());
    }

    public int rank() {
        return dimensions.length;
    }

    /** Size of dimension {@code index}, 0 being the outermost. */
    public long dimension(int index) {
        return dimensions[index];
    }

    /** A copy of the dimensions. */
    public long[] toArray() {
        return dimensions.clone();
    }

    /** Whether no dimension is {@link #ANY}. */
    public boolean isConcrete() {
        for (long dimension : dimensions) {
            if (dimension == ANY) {
                return false;
            }
        }
        return true;
    }

    /**
     * Product of all dimensions; 1 for a scalar, 0 if any is 0.
     *
     * @throws IllegalArgumentException if a dimension is {@link #ANY} or the product does not fit a {@code long}
     */
    public long elementCount() {
        if (!isConcrete()) {
            throw new IllegalArgumentException("shape " + this + " has no element count: a dimension is open");
        }
        if (isEmpty()) {
            return 0;
        }
        long count = 1;
        for (long dimension : dimensions) {
            try {
                count = Math.multiplyExact(count, dimension);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("shape " + this + " has more elements than a long can count", e);
            }
        }
        return count;
    }

    private boolean isEmpty() {
        for (long dimension : dimensions) {
            if (dimension == 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * This shape with its outermost dimension replaced.
     *
     * @throws IllegalArgumentException for a scalar, which has none
     */
    public Shape withOutermost(long size) {
        requireRank();
        long[] copy = dimensions.clone();
        copy[0] = size;
        return Shape.of(copy);
    }

    /**
     * This shape without its outermost dimension: what one row of it looks like.
     *
     * @throws IllegalArgumentException for a scalar, which has none
     */
    public Shape row() {
        requireRank();
        return Shape.of(Arrays.copyOfRange(dimensions, 1, dimensions.length));
    }

    private void requireRank() {
        if (dimensions.length == 0) {
            throw new IllegalArgumentException("rank: 0 (expected: 1 or more)");
        }
    }

    /** This shape below a new outermost dimension. */
    public Shape rows(long count) {
        long[] grown = new long[dimensions.length + 1];
        grown[0] = count;
        System.arraycopy(dimensions, 0, grown, 1, dimensions.length);
        return Shape.of(grown);
    }

    /** Whether a tensor of shape {@code actual} may be used where this shape is declared: same rank, each size equal or open here. */
    public boolean accepts(Shape actual) {
        if (actual.rank() != rank()) {
            return false;
        }
        for (int i = 0; i < dimensions.length; i++) {
            if (dimensions[i] != ANY && dimensions[i] != actual.dimensions[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    /** As users write it: {@code [-1, 3, 224, 224]}. */
    @Override
    public String toString() {
        return Arrays.toString(dimensions);
    }
}
