// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes a model that has been read and found whole once more, for LightGBM itself. The library ends the process over a damaged line; it is
 * given nothing that was not written here.
 *
 * @param objective the header's line, name and parameters; empty if there was none
 * @param averages whether the trees' sum is divided by their rounds
 */
record LightgbmCopy(
        String objective, boolean averages, int features, int outputs, int classes, List<LightgbmTree> trees) {
    String write() {
        StringBuilder out = new StringBuilder("tree\nversion=v4\n");
        line(out, "num_class", Integer.toString(classes));
        line(out, "num_tree_per_iteration", Integer.toString(outputs));
        line(out, "label_index", "0");
        line(out, "max_feature_idx", Integer.toString(features - 1));
        if (!objective.isEmpty()) {
            line(out, "objective", objective);
        }
        if (averages) {
            out.append("average_output\n");
        }
        line(out, "feature_names", "f ".repeat(features).strip());
        line(out, "feature_infos", "none ".repeat(features).strip());
        out.append('\n');
        for (int i = 0; i < trees.size(); i++) {
            line(out, "Tree", Integer.toString(i));
            tree(out, trees.get(i));
            out.append("\n\n");
        }
        return out.append("end of trees\n").toString();
    }

    private static void tree(StringBuilder out, LightgbmTree tree) {
        int sets = Math.max(0, tree.bitsFrom().length - 1);
        line(out, "num_leaves", Integer.toString(tree.leaves().length));
        line(out, "num_cat", Integer.toString(sets));
        if (tree.left().length > 0) {
            line(out, "split_feature", listed(tree.feature()));
            line(out, "split_gain", "0 ".repeat(tree.left().length).strip());
            line(out, "threshold", listed(tree.threshold()));
            line(out, "decision_type", listed(tree.decision()));
            line(out, "left_child", listed(tree.left()));
            line(out, "right_child", listed(tree.right()));
        }
        line(out, "leaf_value", listed(tree.leaves()));
        if (sets > 0) {
            line(out, "cat_boundaries", listed(tree.bitsFrom()));
            line(
                    out,
                    "cat_threshold",
                    Arrays.stream(tree.bits())
                            .mapToObj(Integer::toUnsignedString)
                            .collect(Collectors.joining(" ")));
        }
        line(out, "is_linear", tree.formulas().isPresent() ? "1" : "0");
        tree.formulas().ifPresent(formulas -> formulas(out, formulas));
        line(out, "shrinkage", "1");
    }

    private static void formulas(StringBuilder out, LightgbmLeaves formulas) {
        line(out, "leaf_const", listed(formulas.constants()));
        line(out, "num_features", listed(formulas.counts()));
        line(out, "leaf_features", listed(formulas.features()));
        line(out, "leaf_coeff", listed(formulas.coefficients()));
    }

    private static void line(StringBuilder out, String key, String value) {
        out.append(key).append('=').append(value).append('\n');
    }

    private static String listed(int[] values) {
        return Arrays.stream(values).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    /** As Java writes them, which names one number only; infinite ones as the largest there is, which no row exceeds either. */
    private static String listed(double[] values) {
        return Arrays.stream(values)
                .map(value -> Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, value)))
                .mapToObj(Double::toString)
                .collect(Collectors.joining(" "));
    }
}
