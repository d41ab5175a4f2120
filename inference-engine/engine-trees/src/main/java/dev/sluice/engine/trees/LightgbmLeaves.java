// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;

/**
 * The formulas of a linear tree's leaves: a constant, and coefficients for some features each.
 *
 * @param counts per leaf: features in its formula
 * @param features those of the first leaf, then of the next
 * @param coefficients as many as features
 */
@SuppressWarnings("ArrayRecordComponent") // carried from one file to another; nobody compares or prints it
record LightgbmLeaves(double[] constants, int[] counts, int[] features, double[] coefficients) {
    /** Asserts that every formula is whole. */
    void check(int leaves, int known) {
        boolean negative = Arrays.stream(counts).anyMatch(count -> count < 0);
        long total = Arrays.stream(counts).asLongStream().sum();
        if (constants.length != leaves || counts.length != leaves || negative) {
            throw new MalformedModelException("leaf_const and num_features: " + constants.length + " and "
                    + counts.length + " numbers (expected: " + leaves + ", one per leaf, none below 0)");
        }
        if (features.length != total || coefficients.length != total) {
            throw new MalformedModelException("leaf_features and leaf_coeff: " + features.length + " and "
                    + coefficients.length + " numbers (expected: " + total + ", the sum of num_features)");
        }
        for (int feature : features) {
            if (feature < 0 || feature >= known) {
                throw new MalformedModelException("leaf_features: " + feature + " (expected: 0.." + (known - 1) + ")");
            }
        }
    }
}
