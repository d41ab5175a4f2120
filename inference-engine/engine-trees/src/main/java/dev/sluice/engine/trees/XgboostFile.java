// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads what XGBoost's {@code save_model} writes, since version 1.0: one document, as JSON or UBJSON. Source: XGBoost's own schema of its
 * models, and files of versions 1.x to 3.x.
 *
 * <p><b>Threads:</b> confined to the thread that reads, which writes all fields.
 */
final class XgboostFile {
    /** A row has to fit into a buffer. */
    private static final int MOST_FEATURES = 1 << 28;

    private static final int MOST_GROUPS = 1 << 20;

    private final ModelReader reader;
    private final List<String> names = new ArrayList<>();
    private final List<XgboostTree> trees = new ArrayList<>();
    private boolean hasLearner;
    private String booster = "";
    private String objective = "";
    private String baseScore = "0.5";
    private int features;
    private int classes;
    private int targets = 1;
    private int declaredTrees = -1;
    private int[] groupOf = {};
    private float[] treeWeights = {};
    private float[] linearWeights = {};

    private XgboostFile(ModelReader reader) {
        this.reader = reader;
    }

    /** @throws MalformedModelException if it is no such document */
    static ModelFile read(ModelReader reader) {
        XgboostFile file = new XgboostFile(reader);
        reader.object(file::top);
        reader.end();
        return file.model();
    }

    private void top(String field) {
        if (field.equals("learner")) {
            hasLearner = true;
            reader.object(this::learner);
        } else {
            reader.skip();
        }
    }

    private void learner(String field) {
        switch (field) {
            case "feature_names" -> reader.array(() -> names.add(reader.text()));
            case "gradient_booster" -> reader.object(this::booster);
            case "learner_model_param" -> reader.object(this::parameter);
            case "objective" -> reader.object(this::objective);
            default -> reader.skip();
        }
    }

    private void parameter(String field) {
        switch (field) {
            case "base_score" -> baseScore = reader.text();
            case "num_class" -> classes = Numbers.whole(field, reader.text(), 0);
            case "num_target" -> targets = Numbers.whole(field, reader.text(), 1);
            case "num_feature" -> features = Numbers.whole(field, reader.text(), 0);
            default -> reader.skip();
        }
    }

    private void objective(String field) {
        if (field.equals("name")) {
            objective = reader.text();
        } else {
            reader.skip();
        }
    }

    /** A booster with dropped trees holds its trees one level further down than the plain one, whose name then is not the model's. */
    private void booster(String field) {
        switch (field) {
            case "name" -> booster = reader.text();
            case "model" -> reader.object(this::model);
            case "gbtree" ->
                reader.object(inner -> {
                    if (inner.equals("model")) {
                        reader.object(this::model);
                    } else {
                        reader.skip();
                    }
                });
            case "weight_drop" -> treeWeights = reader.floats();
            default -> reader.skip();
        }
    }

    private void model(String field) {
        switch (field) {
            case "gbtree_model_param" -> reader.object(this::forest);
            case "tree_info" -> groupOf = reader.ints();
            case "trees" -> reader.array(() -> trees.add(XgboostTreeReader.read(reader)));
            case "weights" -> linearWeights = reader.floats();
            default -> reader.skip();
        }
    }

    private void forest(String field) {
        if (field.equals("num_trees")) {
            declaredTrees = Numbers.whole(field, reader.text(), 0);
        } else {
            reader.skip();
        }
    }

    private ModelFile model() {
        if (!hasLearner || booster.isEmpty() || objective.isEmpty()) {
            throw new MalformedModelException(
                    "it has no learner with a gradient_booster and an objective (expected: what XGBoost's"
                            + " save_model writes)");
        }
        if (features < 1 || features > MOST_FEATURES) {
            throw new MalformedModelException("num_feature: " + features + " (expected: 1.." + MOST_FEATURES + ")");
        }
        if (!names.isEmpty() && names.size() != features) {
            throw new MalformedModelException("feature_names: " + names.size() + " (expected: " + features + ")");
        }
        SplitPoints splits = new SplitPoints();
        int groups = groups();
        return switch (booster) {
            case "gbtree", "dart" -> trees(groups, splits);
            case "gblinear" -> known(new LinearMargins(linearWeights, features, groups), splits);
            default ->
                throw new MalformedModelException(
                        "gradient_booster: " + Numbers.shown(booster) + " (expected: gbtree, dart or gblinear)");
        };
    }

    private int groups() {
        int groups = Math.max(1, Math.max(classes, targets));
        if (groups > MOST_GROUPS) {
            throw new MalformedModelException(
                    "num_class: " + classes + ", num_target: " + targets + " (expected: " + MOST_GROUPS + " at most)");
        }
        return groups;
    }

    private ModelFile trees(int groups, SplitPoints splits) {
        if (declaredTrees != trees.size() || groupOf.length != trees.size()) {
            throw new MalformedModelException("trees: " + trees.size() + " (expected: num_trees, which is "
                    + declaredTrees + ", and as many as tree_info has, which are " + groupOf.length + ")");
        }
        boolean dart = booster.equals("dart");
        if (dart && treeWeights.length != trees.size()) {
            throw new MalformedModelException(
                    "weight_drop: " + treeWeights.length + " numbers (expected: " + trees.size() + ", one per tree)");
        }
        for (int group : groupOf) {
            if (group < 0 || group >= groups) {
                throw new MalformedModelException("tree_info: " + group + " (expected: 0.." + (groups - 1) + ")");
            }
        }
        if (trees.stream().anyMatch(tree -> tree.leafVector() > 1)) {
            trees.forEach(tree -> tree.check(features, groups));
            return file(Optional.empty(), "trees whose leaves give several numbers", splits);
        }
        float[] weights = dart ? treeWeights : new float[0];
        return known(FloatForest.of(trees, groupOf, weights, groups, features, splits), splits);
    }

    private ModelFile known(Margins margins, SplitPoints splits) {
        Optional<Scorer> scorer = XgboostObjective.named(objective)
                .map(known -> new XgboostScorer(margins, known, bases(known, margins.groups()), features));
        String unknown = scorer.isPresent() ? "" : "the objective " + Numbers.shown(objective);
        return file(scorer, unknown, splits);
    }

    private ModelFile file(Optional<Scorer> scorer, String unknown, SplitPoints splits) {
        float[] scores = scores(groups());
        boolean differ = false;
        for (float score : scores) {
            differ |= score != scores[0];
        }
        XgboostCopy copy = new XgboostCopy(
                booster, objective, scores[0], features, classes, targets, trees, groupOf, treeWeights, linearWeights);
        return new ModelFile(
                Library.XGBOOST,
                features,
                names,
                scorer,
                differ ? Optional.empty() : Optional.of(copy::write),
                unknown,
                splits);
    }

    /** Base scores as predictions. From 3.1 on they are a list, with one number for all outputs or one for each. */
    private float[] scores(int groups) {
        String list = baseScore.strip();
        boolean bracketed = list.startsWith("[") && list.endsWith("]") && list.length() > 1;
        String[] words = (bracketed ? list.substring(1, list.length() - 1) : list).split(",", -1);
        if (words.length != 1 && words.length != groups) {
            throw new MalformedModelException(
                    "base_score: " + words.length + " numbers (expected: 1, or " + groups + ", one per output)");
        }
        float[] scores = new float[groups];
        for (int i = 0; i < groups; i++) {
            String word = words.length == 1 ? words[0] : words[i];
            scores[i] = (float) Numbers.real("base_score", word.strip());
            if (!Float.isFinite(scores[i])) {
                throw new MalformedModelException(
                        "base_score: " + Numbers.shown(word) + " (expected: a finite number)");
            }
        }
        return scores;
    }

    /** Base scores as margins. */
    private float[] bases(XgboostObjective known, int groups) {
        float[] bases = scores(groups);
        for (int i = 0; i < groups; i++) {
            float score = bases[i];
            bases[i] = known.margin(score);
            if (!Float.isFinite(bases[i])) {
                throw new MalformedModelException(
                        "base_score: " + score + " (expected: a prediction that " + objective + " can give)");
            }
        }
        return bases;
    }
}
