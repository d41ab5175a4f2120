// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads one tree of an XGBoost document.
 *
 * <p><b>Threads:</b> confined to the thread that reads, which writes all fields.
 */
final class XgboostTreeReader {
    /** Categories from here on are none to the library either: single precision cannot tell them apart. */
    private static final int CATEGORIES = 1 << 24;

    private static final int[] NONE = {};

    private final ModelReader reader;
    private int[] left = NONE;
    private int[] right = NONE;
    private int[] feature = NONE;
    private float[] condition = {};
    private int[] defaultLeft = NONE;
    private int[] kinds = NONE;
    private int[] categories = NONE;
    private int[] categoryNodes = NONE;
    private int[] segments = NONE;
    private int[] sizes = NONE;
    private float[] leafVectors = {};
    private int leafVector = 1;

    private XgboostTreeReader(ModelReader reader) {
        this.reader = reader;
    }

    static XgboostTree read(ModelReader reader) {
        XgboostTreeReader tree = new XgboostTreeReader(reader);
        reader.object(tree::field);
        return new XgboostTree(
                tree.left,
                tree.right,
                tree.feature,
                tree.condition,
                tree.defaultLeft,
                tree.kinds,
                tree.categoriesByNode(),
                tree.leafVector,
                tree.leafVector > 1 ? tree.leafVectors : new float[0]);
    }

    private void field(String name) {
        switch (name) {
            case "left_children" -> left = reader.ints();
            case "right_children" -> right = reader.ints();
            case "split_indices" -> feature = reader.ints();
            case "split_conditions" -> condition = reader.floats();
            case "default_left" -> defaultLeft = reader.ints();
            case "split_type" -> kinds = reader.ints();
            case "categories" -> categories = reader.ints();
            case "categories_nodes" -> categoryNodes = reader.ints();
            case "categories_segments" -> segments = reader.ints();
            case "categories_sizes" -> sizes = reader.ints();
            case "base_weights" -> leafVectors = reader.floats();
            case "tree_param" -> reader.object(this::parameter);
            default -> reader.skip();
        }
    }

    private void parameter(String name) {
        if (name.equals("size_leaf_vector")) {
            // Files of before 1.7 say 0 and mean one number.
            leafVector = Math.max(1, Numbers.whole(name, reader.text(), 0));
        } else {
            reader.skip();
        }
    }

    private Map<Integer, int[]> categoriesByNode() {
        if (segments.length != categoryNodes.length || sizes.length != categoryNodes.length) {
            throw new MalformedModelException("categories_nodes, _segments and _sizes have " + categoryNodes.length
                    + ", " + segments.length + " and " + sizes.length + " numbers (expected: as many)");
        }
        Map<Integer, int[]> byNode = new HashMap<>();
        for (int i = 0; i < categoryNodes.length; i++) {
            byNode.put(categoryNodes[i], segment(segments[i], sizes[i]));
        }
        return byNode;
    }

    private int[] segment(int from, int size) {
        if (from < 0 || size < 0 || from > categories.length - size) {
            throw new MalformedModelException("categories " + from + " to " + ((long) from + size)
                    + " of a node (expected: within 0.." + categories.length + ")");
        }
        int[] segment = Arrays.copyOfRange(categories, from, from + size);
        Arrays.sort(segment);
        if (size > 0 && (segment[0] < 0 || segment[size - 1] >= CATEGORIES)) {
            throw new MalformedModelException("categories " + segment[0] + " to " + segment[size - 1]
                    + " of a node (expected: 0.." + (CATEGORIES - 1) + ")");
        }
        return segment;
    }
}
