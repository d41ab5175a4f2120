// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Map;

/**
 * One tree as XGBoost writes it. Nodes a pruned tree no longer uses stay in the arrays, and are reached by nobody.
 *
 * @param condition what a node compares to, or, of a leaf, what it gives
 * @param kinds 1 where a node asks for a category; empty in files of libraries that knew no categories
 * @param categories per node that asks for some, those that go to the right, ascending
 * @param leafVector numbers per leaf; more than 1 only in trees with several targets
 * @param leafVectors so many numbers per node; looked at only if there are more than 1 per leaf
 */
// Carries arrays on to the ones they become, once; nobody compares or prints it.
@SuppressWarnings("ArrayRecordComponent")
record XgboostTree(
        int[] left,
        int[] right,
        int[] feature,
        float[] condition,
        int[] defaultLeft,
        int[] kinds,
        Map<Integer, int[]> categories,
        int leafVector,
        float[] leafVectors) {
    XgboostTree {
        int nodes = left.length;
        if (nodes == 0) {
            throw new MalformedModelException("a tree has no nodes (expected: 1 or more)");
        }
        same("right_children", right.length, nodes);
        same("split_indices", feature.length, nodes);
        same("split_conditions", condition.length, nodes);
        same("default_left", defaultLeft.length, nodes);
        if (kinds.length > 0) {
            same("split_type", kinds.length, nodes);
        }
        if (leafVector > 1 && leafVectors.length != (long) nodes * leafVector) {
            throw new MalformedModelException("base_weights: " + leafVectors.length + " numbers (expected: "
                    + (long) nodes * leafVector + ", " + leafVector + " per node)");
        }
    }

    private static void same(String field, int actual, int nodes) {
        if (actual != nodes) {
            throw new MalformedModelException(
                    field + ": " + actual + " numbers (expected: " + nodes + ", one per node)");
        }
    }

    /** Asserts that the library, which does not look, will walk from node to node, find a feature at each, and {@code outputs} numbers. */
    void check(int features, int outputs) {
        if (leafVector != outputs) {
            throw new MalformedModelException(
                    "size_leaf_vector: " + leafVector + " (expected: " + outputs + ", one per output)");
        }
        TreeLayout layout = TreeLayout.of(left, right);
        for (int place = 0; place < layout.size(); place++) {
            if (!layout.isLeaf(place)) {
                feature(layout.source()[place], features);
            }
        }
    }

    /** The feature that {@code node} asks for, one of {@code features}. */
    int feature(int node, int features) {
        int asked = feature[node];
        if (asked < 0 || asked >= features) {
            throw new MalformedModelException(
                    "a node asks for feature " + asked + " (expected: 0.." + (features - 1) + ")");
        }
        return asked;
    }

    boolean isCategorical(int node) {
        return kinds.length > 0 && kinds[node] == 1;
    }
}
