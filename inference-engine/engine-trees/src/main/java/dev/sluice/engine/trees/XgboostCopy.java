// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;
import java.util.List;

/**
 * Writes a model that has been read and found whole once more, for XGBoost itself. The library ends the process over a file whose arrays
 * are shorter than it thinks or of another type; it is given nothing that was not written here.
 *
 * @param objective name of it
 * @param baseScore one number for all outputs: version 3.0 knows no other
 * @param treeWeights per tree; empty if the booster has none
 * @param linearWeights empty if the booster has trees
 */
@SuppressWarnings("ArrayRecordComponent") // made to be written, once; nobody compares or prints it
record XgboostCopy(
        String booster,
        String objective,
        float baseScore,
        int features,
        int classes,
        int targets,
        List<XgboostTree> trees,
        int[] groupOf,
        float[] treeWeights,
        float[] linearWeights) {
    private static final int NO_PARENT = Integer.MAX_VALUE;

    byte[] write() {
        UbjsonModelWriter out = new UbjsonModelWriter();
        out.mark('{').key("learner").mark('{');
        out.key("attributes").mark('{').mark('}');
        out.key("feature_names").mark('[').mark(']');
        out.key("feature_types").mark('[').mark(']');
        out.key("gradient_booster").mark('{');
        booster(out);
        out.mark('}');
        out.key("learner_model_param").mark('{');
        text(out, "base_score", Float.toString(baseScore));
        text(out, "boost_from_average", "1");
        text(out, "num_class", Integer.toString(classes));
        text(out, "num_feature", Integer.toString(features));
        text(out, "num_target", Integer.toString(targets));
        out.mark('}');
        out.key("objective").mark('{');
        objective(out);
        out.mark('}').mark('}');
        out.key("version").loose(new int[] {3, 0, 4}).mark('}');
        return out.content();
    }

    private static void text(UbjsonModelWriter out, String key, String value) {
        out.key(key).text(value);
    }

    private void booster(UbjsonModelWriter out) {
        if (booster.equals("gblinear")) {
            out.key("model").mark('{').key("boosted_rounds").integer(1);
            out.key("weights").floats(linearWeights).mark('}');
        } else if (treeWeights.length > 0) {
            out.key("gbtree").mark('{');
            forest(out);
            text(out, "name", "gbtree");
            out.mark('}').key("weight_drop").mark('[');
            for (float weight : treeWeights) {
                out.number(weight);
            }
            out.mark(']');
        } else {
            forest(out);
        }
        text(out, "name", booster);
    }

    private void forest(UbjsonModelWriter out) {
        out.key("model").mark('{').key("gbtree_model_param").mark('{');
        text(out, "num_parallel_tree", "1");
        text(out, "num_trees", Integer.toString(trees.size()));
        // All trees count as one round: rounds are for those who want to leave some out.
        out.mark('}').key("iteration_indptr").loose(trees.isEmpty() ? new int[] {0} : new int[] {0, trees.size()});
        out.key("tree_info").loose(groupOf);
        out.key("trees").mark('[');
        for (int i = 0; i < trees.size(); i++) {
            tree(out, trees.get(i), i);
        }
        out.mark(']').mark('}');
    }

    /** Nodes in the order in which the Java scorer has them, so that unused ones are left out. */
    private void tree(UbjsonModelWriter out, XgboostTree tree, int id) {
        TreeLayout layout = TreeLayout.of(tree.left(), tree.right());
        int nodes = layout.size();
        int[] left = layout.children();
        int[] right = Arrays.stream(left)
                .map(child -> child == TreeLayout.LEAF ? TreeLayout.LEAF : child + 1)
                .toArray();
        int[] parents = new int[nodes];
        parents[0] = NO_PARENT;
        float[] conditions = new float[nodes];
        float[] weights = new float[nodes * tree.leafVector()];
        for (int place = 0; place < nodes; place++) {
            int node = layout.source()[place];
            conditions[place] = tree.condition()[node];
            if (tree.leafVector() > 1) {
                System.arraycopy(
                        tree.leafVectors(),
                        node * tree.leafVector(),
                        weights,
                        place * tree.leafVector(),
                        tree.leafVector());
            }
            if (!layout.isLeaf(place)) {
                parents[left[place]] = place;
                parents[right[place]] = place;
            }
        }
        out.mark('{').key("base_weights").floats(weights);
        categories(out, tree, layout);
        out.key("default_left").ints('U', reordered(layout, tree.defaultLeft(), 1));
        out.key("id").integer(id);
        out.key("left_children").ints('l', left);
        out.key("loss_changes").floats(new float[nodes]);
        out.key("parents").ints('l', parents);
        out.key("right_children").ints('l', right);
        out.key("split_conditions").floats(conditions);
        out.key("split_indices").ints('l', reordered(layout, tree.feature(), features - 1));
        out.key("sum_hessian").floats(new float[nodes]);
        out.key("tree_param").mark('{');
        text(out, "num_deleted", "0");
        text(out, "num_feature", Integer.toString(features));
        text(out, "num_nodes", Integer.toString(nodes));
        text(out, "size_leaf_vector", Integer.toString(tree.leafVector()));
        out.mark('}').mark('}');
    }

    /** Of each node what {@code values} has, between 0 and {@code most}; of leaves 0. */
    private static int[] reordered(TreeLayout layout, int[] values, int most) {
        int[] reordered = new int[layout.size()];
        for (int place = 0; place < reordered.length; place++) {
            int value = layout.isLeaf(place) ? 0 : values[layout.source()[place]];
            reordered[place] = Math.max(0, Math.min(most, value));
        }
        return reordered;
    }

    private static void categories(UbjsonModelWriter out, XgboostTree tree, TreeLayout layout) {
        int[] kinds = new int[layout.size()];
        int[] asking = new int[layout.size()];
        int[] from = new int[layout.size()];
        int[] sizes = new int[layout.size()];
        int count = 0;
        int size = 0;
        int[] all = new int
                [tree.categories().values().stream()
                        .mapToInt(chosen -> chosen.length)
                        .sum()];
        for (int place = 0; place < layout.size(); place++) {
            int node = layout.source()[place];
            if (layout.isLeaf(place) || !tree.isCategorical(node)) {
                continue;
            }
            int[] chosen = tree.categories().getOrDefault(node, new int[0]);
            kinds[place] = 1;
            asking[count] = place;
            from[count] = size;
            sizes[count++] = chosen.length;
            System.arraycopy(chosen, 0, all, size, chosen.length);
            size += chosen.length;
        }
        out.key("categories").ints('l', Arrays.copyOf(all, size));
        out.key("categories_nodes").ints('l', Arrays.copyOf(asking, count));
        out.key("categories_segments").ints('L', Arrays.copyOf(from, count));
        out.key("categories_sizes").ints('L', Arrays.copyOf(sizes, count));
        out.key("split_type").ints('U', kinds);
    }

    /** With the parameters of every objective there is: each reads its own, and none of these changes a prediction. */
    private void objective(UbjsonModelWriter out) {
        text(out, "name", objective);
        int outputs = Math.max(1, Math.max(classes, targets));
        String[] halves = new String[outputs];
        Arrays.fill(halves, "0.5");
        parameter(out, "reg_loss_param", "scale_pos_weight", "1");
        parameter(out, "softmax_multiclass_param", "num_class", Integer.toString(outputs));
        parameter(out, "poisson_regression_param", "max_delta_step", "0.7");
        parameter(out, "tweedie_regression_param", "tweedie_variance_power", "1.5");
        parameter(out, "pseudo_huber_param", "huber_slope", "1");
        parameter(out, "quantile_loss_param", "quantile_alpha", "[" + String.join(",", halves) + "]");
        parameter(out, "lambdarank_param", "lambdarank_pair_method", "topk");
        out.key("aft_loss_param").mark('{');
        text(out, "aft_loss_distribution", "normal");
        text(out, "aft_loss_distribution_scale", "1");
        out.mark('}');
    }

    private static void parameter(UbjsonModelWriter out, String block, String key, String value) {
        out.key(block).mark('{');
        text(out, key, value);
        out.mark('}');
    }
}
