// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Trees of XGBoost, in flat arrays. Numbers are compared in single precision: a smaller one goes left, any other right, a missing one
 * where the tree says. Sums start from a base and add the trees in their order, as the library does, so that they are the same to the
 * last bit.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class FloatForest implements Margins {
    /** In place of a split: a leaf. */
    private static final int LEAF = -1;

    private static final int DEFAULT_LEFT = 1;
    private static final int CATEGORICAL = 2;

    /** Where a feature's number begins in its row: the split without its two flags, for a float has four bytes. */
    private static final int OFFSET = ~3;

    /** Per node: the feature, times 4, and the flags; {@link #LEAF} for leaves. */
    private final int[] splits;

    /** Per node: what it compares to, or what a leaf gives. */
    private final float[] values;

    /** Per node: its left child, whose neighbour is the right one. */
    private final int[] children;

    /** Per node: the categories that go right; empty if no node asks for any. */
    private final int[][] categories;

    /** First nodes of all trees, those of a group together. */
    private final int[] roots;

    /** Per group: its first tree in {@link #roots}; one number more at the end. */
    private final int[] groups;

    private FloatForest(int[] splits, float[] values, int[] children, int[][] categories, int[] roots, int[] groups) {
        this.splits = splits;
        this.values = values;
        this.children = children;
        this.categories = categories;
        this.roots = roots;
        this.groups = groups;
    }

    /**
     * The forest of {@code trees}.
     *
     * @param groupOf per tree: which of the outputs it adds to
     * @param weights per tree: what its leaves count; empty for 1
     */
    static FloatForest of(
            List<XgboostTree> trees, int[] groupOf, float[] weights, int groups, int features, SplitPoints points) {
        List<TreeLayout> layouts = new ArrayList<>();
        long nodes = 0;
        for (XgboostTree tree : trees) {
            TreeLayout layout = TreeLayout.of(tree.left(), tree.right());
            layouts.add(layout);
            nodes += layout.size();
        }
        boolean asks =
                trees.stream().anyMatch(tree -> Arrays.stream(tree.kinds()).anyMatch(kind -> kind == 1));
        Builder builder = new Builder(Math.toIntExact(nodes), asks, features, points);
        int[] starts = new int[groups + 1];
        int[] roots = new int[trees.size()];
        int at = 0;
        for (int group = 0; group < groups; group++) {
            starts[group] = at;
            for (int i = 0; i < groupOf.length; i++) {
                if (groupOf[i] == group) {
                    roots[at++] = builder.add(trees.get(i), layouts.get(i), weights.length == 0 ? 1 : weights[i]);
                }
            }
        }
        starts[groups] = at;
        return new FloatForest(builder.splits, builder.values, builder.children, builder.categories, roots, starts);
    }

    @Override
    public int groups() {
        return groups.length - 1;
    }

    /** {@code base} and the trees of {@code group} for the row that begins at {@code row}. */
    @Override
    public float margin(ByteBuffer features, int row, int group, float base) {
        float sum = base;
        for (int tree = groups[group], end = groups[group + 1]; tree < end; tree++) {
            sum += leaf(features, row, roots[tree]);
        }
        return sum;
    }

    private float leaf(ByteBuffer features, int row, int root) {
        int node = root;
        for (int split = splits[node]; split != LEAF; split = splits[node]) {
            float value = features.getFloat(row + (split & OFFSET));
            node = children[node] + (goesLeft(node, split, value) ? 0 : 1);
        }
        return values[node];
    }

    private boolean goesLeft(int node, int split, float value) {
        if ((split & CATEGORICAL) != 0) {
            return Float.isNaN(value) ? (split & DEFAULT_LEFT) != 0 : isOther(categories[node], value);
        }
        // A comparison with a missing number is false, which the one side makes true by asking the other way round.
        return (split & DEFAULT_LEFT) != 0 ? !(value >= values[node]) : value < values[node];
    }

    /** Whether {@code value} is none of the categories; a number that cannot be one is not. */
    private static boolean isOther(int[] chosen, float value) {
        return value < 0 || value >= 1 << 24 || Arrays.binarySearch(chosen, (int) value) < 0;
    }

    /** Arrays as they fill up; confined to the thread that loads. */
    private static final class Builder {
        private final int[] splits;
        private final float[] values;
        private final int[] children;
        private final int[][] categories;
        private final int features;
        private final SplitPoints points;

        /** Written by the thread that loads. */
        private int size;

        Builder(int nodes, boolean asks, int features, SplitPoints points) {
            this.splits = new int[nodes];
            this.values = new float[nodes];
            this.children = new int[nodes];
            this.categories = new int[asks ? nodes : 0][];
            this.features = features;
            this.points = points;
        }

        int add(XgboostTree tree, TreeLayout layout, float weight) {
            int root = size;
            for (int place = 0; place < layout.size(); place++) {
                int node = layout.source()[place];
                if (layout.isLeaf(place)) {
                    splits[size] = LEAF;
                    values[size] = leaf(tree.condition()[node] * weight);
                } else {
                    children[size] = root + layout.children()[place];
                    split(tree, node);
                }
                size++;
            }
            return root;
        }

        private static float leaf(float value) {
            if (!Float.isFinite(value)) {
                throw new MalformedModelException("a leaf gives " + value + " (expected: a finite number)");
            }
            return value;
        }

        private void split(XgboostTree tree, int node) {
            int feature = tree.feature(node, features);
            splits[size] = feature << 2 | (tree.defaultLeft()[node] != 0 ? DEFAULT_LEFT : 0);
            values[size] = tree.condition()[node];
            if (tree.isCategorical(node)) {
                splits[size] |= CATEGORICAL;
                categories[size] = chosen(tree.categories(), node);
                Arrays.stream(categories[size]).limit(8).forEach(category -> points.add(feature, category));
            } else if (Float.isNaN(values[size])) {
                throw new MalformedModelException("a node compares to NaN (expected: a number)");
            } else {
                points.add(feature, values[size]);
            }
        }

        private static int[] chosen(Map<Integer, int[]> categories, int node) {
            int[] chosen = categories.get(node);
            if (chosen == null) {
                throw new MalformedModelException("node " + node + " asks for categories that the file does not list");
            }
            return chosen;
        }
    }
}
