// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Trees of LightGBM, in flat arrays. Numbers are compared in double precision: one that is not larger goes left. What counts as missing
 * each node says: nothing (and NaN is 0), zero with NaN, or NaN alone.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class DoubleForest {
    private static final int LEAF = -1;
    private static final int CATEGORICAL = 1;
    private static final int DEFAULT_LEFT = 2;
    private static final int MISSING_ZERO = 4;
    private static final int MISSING_NAN = 8;
    private static final int FLAGS = 15;

    /** Numbers this near to zero are zero where zero is missing: a single-precision number in the library. */
    private static final double ZERO = 1e-35f;

    /** Per node: the feature, times 16, and the flags; {@link #LEAF} for leaves. */
    private final int[] splits;

    /** Per node: what it compares to, or what a leaf gives. */
    private final double[] values;

    /** Per node: its left child, whose neighbour is the right one. */
    private final int[] children;

    /** Per node: the categories that go left, as bits; empty if no node asks for any. */
    private final int[][] categories;

    /** First node of each tree: those of the first round, output by output, then of the next. */
    private final int[] roots;

    private DoubleForest(int[] splits, double[] values, int[] children, int[][] categories, int[] roots) {
        this.splits = splits;
        this.values = values;
        this.children = children;
        this.categories = categories;
        this.roots = roots;
    }

    static DoubleForest of(List<LightgbmTree> trees, int features, SplitPoints points) {
        List<TreeLayout> layouts = new ArrayList<>();
        long nodes = 0;
        for (LightgbmTree tree : trees) {
            layouts.add(tree.layout());
            nodes += layouts.get(layouts.size() - 1).size();
        }
        boolean asks = trees.stream().anyMatch(tree -> tree.bits().length > 0);
        Builder builder = new Builder(Math.toIntExact(nodes), asks, features, points);
        int[] roots = new int[trees.size()];
        for (int i = 0; i < roots.length; i++) {
            roots[i] = builder.add(trees.get(i), layouts.get(i));
        }
        return new DoubleForest(builder.splits, builder.values, builder.children, builder.categories, roots);
    }

    int trees() {
        return roots.length;
    }

    /** The sum, for the row that begins at {@code row}, of the trees number {@code first}, {@code first + step} and so on. */
    double sum(ByteBuffer features, int row, int first, int step) {
        double sum = 0;
        for (int tree = first; tree < roots.length; tree += step) {
            sum += leaf(features, row, roots[tree]);
        }
        return sum;
    }

    private double leaf(ByteBuffer features, int row, int root) {
        int node = root;
        for (int split = splits[node]; split != LEAF; split = splits[node]) {
            double value = features.getDouble(row + (split >>> 4 << 3));
            node = children[node] + (goesLeft(node, split & FLAGS, value) ? 0 : 1);
        }
        return values[node];
    }

    private boolean goesLeft(int node, int flags, double value) {
        if ((flags & CATEGORICAL) != 0) {
            return isAmong(categories[node], value);
        }
        boolean isNaN = Double.isNaN(value);
        if ((flags & MISSING_NAN) != 0) {
            return isNaN ? (flags & DEFAULT_LEFT) != 0 : value <= values[node];
        }
        double number = isNaN ? 0 : value;
        if ((flags & MISSING_ZERO) != 0 && Math.abs(number) <= ZERO) {
            return (flags & DEFAULT_LEFT) != 0;
        }
        return number <= values[node];
    }

    private static boolean isAmong(int[] bits, double value) {
        if (Double.isNaN(value)) {
            return false;
        }
        int category = (int) value;
        return category >= 0 && category >>> 5 < bits.length && (bits[category >>> 5] >>> (category & 31) & 1) != 0;
    }

    /** Arrays as they fill up; confined to the thread that loads. */
    private static final class Builder {
        private final int[] splits;
        private final double[] values;
        private final int[] children;
        private final int[][] categories;
        private final int features;
        private final SplitPoints points;

        /** Written by the thread that loads. */
        private int size;

        Builder(int nodes, boolean asks, int features, SplitPoints points) {
            this.splits = new int[nodes];
            this.values = new double[nodes];
            this.children = new int[nodes];
            this.categories = new int[asks ? nodes : 0][];
            this.features = features;
            this.points = points;
        }

        int add(LightgbmTree tree, TreeLayout layout) {
            int root = size;
            for (int place = 0; place < layout.size(); place++) {
                int node = layout.source()[place];
                if (layout.isLeaf(place)) {
                    splits[size] = LEAF;
                    values[size] = leaf(tree.leaves()[node - tree.left().length]);
                } else {
                    children[size] = root + layout.children()[place];
                    split(tree, node);
                }
                size++;
            }
            return root;
        }

        private static double leaf(double value) {
            if (!Double.isFinite(value)) {
                throw new MalformedModelException("a leaf gives " + value + " (expected: a finite number)");
            }
            return value;
        }

        private void split(LightgbmTree tree, int node) {
            int feature = tree.feature()[node];
            int flags = tree.decision()[node];
            if (feature < 0 || feature >= features) {
                throw new MalformedModelException(
                        "a node asks for feature " + feature + " (expected: 0.." + (features - 1) + ")");
            }
            if (flags < 0 || flags > FLAGS || flags >> 2 == 3) {
                throw new MalformedModelException("decision_type: " + flags + " (expected: 0..11)");
            }
            splits[size] = feature << 4 | flags;
            if ((flags & CATEGORICAL) != 0) {
                categories[size] = tree.categories(node);
                points.add(feature, firstOf(categories[size]));
                return;
            }
            double threshold = tree.threshold()[node];
            if (Double.isNaN(threshold)) {
                throw new MalformedModelException("a node compares to NaN (expected: a number)");
            }
            values[size] = awayFromZero(threshold);
            points.add(feature, threshold);
        }

        /**
         * A threshold that sends every number as near to zero as {@link #ZERO} the way of zero itself. The library makes those numbers
         * zero before it looks at them; moving the few thresholds among them costs nothing per row.
         */
        private static double awayFromZero(double threshold) {
            if (Math.abs(threshold) > ZERO) {
                return threshold;
            }
            return threshold < 0 ? Math.nextDown(-ZERO) : ZERO;
        }

        private static int firstOf(int[] bits) {
            for (int i = 0; i < bits.length; i++) {
                if (bits[i] != 0) {
                    return 32 * i + Integer.numberOfTrailingZeros(bits[i]);
                }
            }
            return 0;
        }
    }
}
