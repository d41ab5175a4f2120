// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;
import java.util.Optional;

/**
 * One tree as LightGBM writes it: nodes that ask, and leaves, numbered apart. A child below 0 is a leaf.
 *
 * @param decision per node: bit 0 asks for a category, bit 1 sends missing numbers left, bits 2 and 3 say what counts as missing
 * @param bitsFrom where in {@code bits} each set of categories begins; one number more at the end
 * @param bits sets of categories, 32 to a number
 * @param formulas of its leaves, in a linear tree; a leaf's own number then is what a row with missing numbers gets
 */
// Carries arrays on to the ones they become, once; nobody compares or prints it.
@SuppressWarnings("ArrayRecordComponent")
record LightgbmTree(
        double[] leaves,
        int[] left,
        int[] right,
        int[] feature,
        double[] threshold,
        int[] decision,
        int[] bitsFrom,
        int[] bits,
        Optional<LightgbmLeaves> formulas) {
    LightgbmTree {
        int nodes = leaves.length - 1;
        same("left_child", left.length, nodes);
        same("right_child", right.length, nodes);
        same("split_feature", feature.length, nodes);
        same("threshold", threshold.length, nodes);
        same("decision_type", decision.length, nodes);
        for (int i = 1; i < bitsFrom.length; i++) {
            if (bitsFrom[i] < bitsFrom[i - 1]) {
                throw new MalformedModelException(
                        "cat_boundaries: " + bitsFrom[i] + " after " + bitsFrom[i - 1] + " (expected: no less)");
            }
        }
        int end = bitsFrom.length == 0 ? 0 : bitsFrom[bitsFrom.length - 1];
        if (end != bits.length || (bitsFrom.length > 0 && bitsFrom[0] != 0)) {
            throw new MalformedModelException("cat_boundaries: up to " + end + " (expected: from 0 to " + bits.length
                    + ", the numbers of cat_threshold)");
        }
    }

    private static void same(String field, int actual, int nodes) {
        if (actual != nodes) {
            throw new MalformedModelException(
                    field + ": " + actual + " numbers (expected: " + nodes + ", one less than num_leaves)");
        }
    }

    /** Nodes and leaves in one row: first all nodes, then all leaves. All must be part of the tree. */
    TreeLayout layout() {
        int nodes = left.length;
        int[] lefts = Arrays.copyOf(left, nodes + leaves.length);
        int[] rights = Arrays.copyOf(right, nodes + leaves.length);
        for (int i = 0; i < nodes; i++) {
            lefts[i] = place(lefts[i]);
            rights[i] = place(rights[i]);
        }
        Arrays.fill(lefts, nodes, lefts.length, TreeLayout.LEAF);
        Arrays.fill(rights, nodes, rights.length, TreeLayout.LEAF);
        TreeLayout layout = TreeLayout.of(lefts, rights);
        if (layout.size() != lefts.length) {
            throw new MalformedModelException("a tree reaches " + layout.size()
                    + " of its nodes and leaves (expected: all " + lefts.length + ")");
        }
        return layout;
    }

    private int place(int child) {
        // Out of range either way, which the layout refuses; a leaf far away must not come out as a node.
        return child >= 0 ? (child < left.length ? child : Integer.MAX_VALUE) : leafPlace(~child);
    }

    private int leafPlace(int leaf) {
        return leaf < leaves.length ? left.length + leaf : Integer.MAX_VALUE;
    }

    /** The set of categories that {@code node} sends left. */
    int[] categories(int node) {
        int set = (int) threshold[node];
        if (set < 0 || set != threshold[node] || set >= bitsFrom.length - 1) {
            throw new MalformedModelException("a node asks for the set of categories " + threshold[node]
                    + " (expected: 0.." + (bitsFrom.length - 2) + ")");
        }
        return Arrays.copyOfRange(bits, bitsFrom[set], bitsFrom[set + 1]);
    }
}
