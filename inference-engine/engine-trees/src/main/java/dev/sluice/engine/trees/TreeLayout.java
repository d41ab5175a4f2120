// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;
import java.util.BitSet;

/**
 * A tree's nodes in an order in which siblings are neighbours and children come after their parents, so that a walk down needs one number
 * per node and ends. Making one proves that it is a tree: every node is reached once at most.
 *
 * @param source which node of the file stands at each place; the root at 0
 * @param children where the left child of each stands, its sibling next to it; {@link #LEAF} for leaves
 */
// Carries arrays on to the ones they become, once; nobody compares or prints it.
@SuppressWarnings("ArrayRecordComponent")
record TreeLayout(int[] source, int[] children) {
    /** In place of a child: there is none. */
    static final int LEAF = -1;

    /**
     * The tree whose node {@code i} has the children {@code left[i]} and {@code right[i]}, both {@link #LEAF} for a leaf.
     *
     * @throws MalformedModelException if a child does not exist, or nodes share one or form a circle
     */
    static TreeLayout of(int[] left, int[] right) {
        int[] source = new int[left.length];
        int[] children = new int[left.length];
        BitSet reached = new BitSet(left.length);
        reached.set(0);
        int size = 1;
        for (int at = 0; at < size; at++) {
            int node = source[at];
            if (left[node] == LEAF && right[node] == LEAF) {
                children[at] = LEAF;
                continue;
            }
            reach(node, left[node], reached, left.length);
            reach(node, right[node], reached, left.length);
            children[at] = size;
            source[size++] = left[node];
            source[size++] = right[node];
        }
        return new TreeLayout(Arrays.copyOf(source, size), Arrays.copyOf(children, size));
    }

    private static void reach(int parent, int child, BitSet reached, int count) {
        if (child < 0 || child >= count) {
            throw new MalformedModelException(
                    "node " + parent + " has the child " + child + " (expected: 0.." + (count - 1) + ")");
        }
        if (reached.get(child)) {
            throw new MalformedModelException("node " + child + " has two parents (expected: a tree)");
        }
        reached.set(child);
    }

    int size() {
        return source.length;
    }

    boolean isLeaf(int place) {
        return children[place] == LEAF;
    }
}
