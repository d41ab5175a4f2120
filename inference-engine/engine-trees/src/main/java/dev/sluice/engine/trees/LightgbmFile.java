// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the text that LightGBM's {@code save_model} writes, versions v2 to v4 of it. Lines are {@code key=value}; a header, then a block
 * per tree, then what training left behind, which nobody needs for predictions.
 *
 * <p><b>Threads:</b> confined to the thread that reads, which writes all fields.
 */
final class LightgbmFile {
    /** First line of every such file. */
    static final String FIRST_LINE = "tree";

    private static final int MOST_FEATURES = 1 << 27;
    private static final String TREE = "Tree=";
    private static final String END = "end of trees";

    private final BufferedReader lines;
    private final List<LightgbmTree> trees = new ArrayList<>();

    private LightgbmFile(byte[] content) {
        this.lines =
                new BufferedReader(new InputStreamReader(new ByteArrayInputStream(content), StandardCharsets.UTF_8));
    }

    /** @throws MalformedModelException if it is no such text, or not all of it */
    static ModelFile read(byte[] content) {
        if (content.length == 0 || content[content.length - 1] != '\n') {
            throw new MalformedModelException("it ends in the middle of a line (expected: a line break at its end)");
        }
        return new LightgbmFile(content).model();
    }

    private String line() {
        try {
            String line = lines.readLine();
            if (line == null) {
                throw new MalformedModelException("it ends too early (expected: the line '" + END + "')");
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The fields up to the next block, and in {@code next} the line that begins it. */
    private Map<String, String> block(StringBuilder next) {
        Map<String, String> fields = new HashMap<>();
        String line = line();
        for (; !line.startsWith(TREE) && !line.equals(END); line = line()) {
            int equals = line.indexOf('=');
            if (equals >= 0) {
                fields.put(line.substring(0, equals), line.substring(equals + 1));
            } else {
                fields.put(line, "");
            }
        }
        next.setLength(0);
        next.append(line);
        return fields;
    }

    private ModelFile model() {
        StringBuilder next = new StringBuilder();
        Map<String, String> header = block(next);
        while (!END.contentEquals(next)) {
            int number = Numbers.whole("Tree", next.substring(TREE.length()), 0);
            if (number != trees.size()) {
                throw new MalformedModelException("Tree=" + number + " (expected: " + trees.size() + ")");
            }
            trees.add(tree(block(next)));
        }
        checkTail();
        return model(header);
    }

    /** What comes after the trees may be missing, but not cut off. */
    private void checkTail() {
        List<String> tail = lines.lines().toList();
        if (tail.contains("parameters:") && !tail.contains("end of parameters")) {
            throw new MalformedModelException("it ends too early (expected: the line 'end of parameters')");
        }
    }

    private ModelFile model(Map<String, String> header) {
        int features = Numbers.whole("max_feature_idx", field(header, "max_feature_idx"), 0) + 1;
        int outputs = Numbers.whole("num_tree_per_iteration", field(header, "num_tree_per_iteration"), 1);
        int classes = Numbers.whole("num_class", field(header, "num_class"), 1);
        if (features < 1 || features > MOST_FEATURES) {
            throw new MalformedModelException(
                    "max_feature_idx: " + (features - 1L) + " (expected: below " + MOST_FEATURES + ")");
        }
        List<String> names = names(field(header, "feature_names"), features);
        checkCounts(header, outputs, classes);
        SplitPoints splits = new SplitPoints();
        DoubleForest forest = DoubleForest.of(trees, features, splits);
        trees.forEach(tree -> tree.formulas().ifPresent(leaves -> leaves.check(tree.leaves().length, features)));
        String objective = header.getOrDefault("objective", "").strip();
        boolean averages = header.containsKey("average_output");
        boolean isLinear = trees.stream().anyMatch(tree -> tree.formulas().isPresent());
        Optional<Scorer> scorer = isLinear
                ? Optional.empty()
                : LightgbmObjective.of(objective)
                        .map(answer -> new LightgbmScorer(forest, answer, outputs, averages, features));
        String what = isLinear
                ? "trees whose leaves hold formulas (linear_tree)"
                : "the objective " + Numbers.shown(objective);
        LightgbmCopy copy = new LightgbmCopy(objective, averages, features, outputs, classes, trees);
        return new ModelFile(
                Library.LIGHTGBM,
                features,
                names,
                scorer,
                Optional.of(() -> copy.write().getBytes(StandardCharsets.UTF_8)),
                scorer.isPresent() ? "" : what,
                splits);
    }

    private static List<String> names(String text, int features) {
        List<String> names = List.of(text.strip().split("\\s+", -1));
        if (names.size() != features) {
            throw new MalformedModelException("feature_names: " + names.size() + " (expected: " + features + ")");
        }
        return names;
    }

    private void checkCounts(Map<String, String> header, int outputs, int classes) {
        // An objective of somebody's own has one class and as many trees per round as it wants.
        if (trees.size() % outputs != 0 || (classes > 1 && classes != outputs)) {
            throw new MalformedModelException(trees.size() + " trees, num_tree_per_iteration: " + outputs
                    + ", num_class: " + classes + " (expected: whole rounds, with a tree per class)");
        }
        String sizes = header.getOrDefault("tree_sizes", "").strip();
        int declared = sizes.isEmpty() ? 0 : sizes.split("\\s+", -1).length;
        if (header.containsKey("tree_sizes") && declared != trees.size()) {
            throw new MalformedModelException(
                    trees.size() + " trees (expected: " + declared + ", one per number of tree_sizes)");
        }
    }

    private static LightgbmTree tree(Map<String, String> fields) {
        int leaves = Numbers.whole("num_leaves", field(fields, "num_leaves"), 1);
        boolean splits = leaves > 1;
        boolean asks = Numbers.whole("num_cat", fields.getOrDefault("num_cat", "0"), 0) > 0;
        double[] values = reals(fields, "leaf_value");
        if (values.length != leaves) {
            throw new MalformedModelException(
                    "leaf_value: " + values.length + " numbers (expected: num_leaves, " + leaves + ")");
        }
        return new LightgbmTree(
                values,
                splits ? wholes(fields, "left_child") : new int[0],
                splits ? wholes(fields, "right_child") : new int[0],
                splits ? wholes(fields, "split_feature") : new int[0],
                splits ? reals(fields, "threshold") : new double[0],
                splits ? wholes(fields, "decision_type") : new int[0],
                asks ? wholes(fields, "cat_boundaries") : new int[0],
                asks ? bits(fields, "cat_threshold") : new int[0],
                formulas(fields));
    }

    private static Optional<LightgbmLeaves> formulas(Map<String, String> fields) {
        if (fields.getOrDefault("is_linear", "0").strip().equals("0")) {
            return Optional.empty();
        }
        return Optional.of(new LightgbmLeaves(
                reals(fields, "leaf_const"),
                wholes(fields, "num_features"),
                wholes(fields, "leaf_features"),
                reals(fields, "leaf_coeff")));
    }

    private static String field(Map<String, String> fields, String name) {
        String value = fields.get(name);
        if (value == null) {
            throw new MalformedModelException("it has no line '" + name + "=...' where one belongs");
        }
        return value;
    }

    private static String[] words(Map<String, String> fields, String name) {
        String text = field(fields, name).strip();
        return text.isEmpty() ? new String[0] : text.split(" +", -1);
    }

    private static int[] wholes(Map<String, String> fields, String name) {
        String[] words = words(fields, name);
        int[] values = new int[words.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Numbers.whole(name, words[i], Integer.MIN_VALUE);
        }
        return values;
    }

    private static double[] reals(Map<String, String> fields, String name) {
        String[] words = words(fields, name);
        double[] values = new double[words.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Numbers.real(name, words[i]);
        }
        return values;
    }

    private static int[] bits(Map<String, String> fields, String name) {
        String[] words = words(fields, name);
        int[] values = new int[words.length];
        for (int i = 0; i < values.length; i++) {
            try {
                values[i] = Integer.parseUnsignedInt(words[i]);
            } catch (NumberFormatException e) {
                throw new MalformedModelException(
                        name + ": " + Numbers.shown(words[i]) + " (expected: a whole number of 32 bits)", e);
            }
        }
        return values;
    }
}
