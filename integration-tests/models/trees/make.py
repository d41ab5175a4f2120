# SPDX-License-Identifier: Apache-2.0
"""Trains the tree models that the engine `trees` is tested with, and writes down what the libraries that trained them answer.

xgboost/NAME.ubj, xgboost/NAME.json   one per objective, booster and kind of split
lightgbm/NAME.txt                     the same for LightGBM
reference.json                        file -> names of the features, input rows (null: missing) and the library's own predictions
trial.ubj                             what an installed engine tries itself with

Usage: python make.py [folder]; needs xgboost, lightgbm, scikit-learn and numpy (README.md says which). Seeds are fixed and one thread is
used, so that the same versions write the same trees.
"""

import json
import pathlib
import sys

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from sklearn.datasets import load_breast_cancer, load_iris

ROWS = 8
SEED = 20261121


def synthetic(columns=5, rows=400):
    """Numbers with gaps, exact zeros and negatives; a positive target that depends on all of them."""
    random = np.random.default_rng(SEED)
    x = random.normal(size=(rows, columns)).astype(np.float32)
    x[random.random(x.shape) < 0.15] = 0
    signal = x[:, 0] - 2 * x[:, 1] * (x[:, 2] > 0) + 0.5 * np.abs(x[:, 3])
    y = np.exp(0.4 * signal + 0.1 * random.normal(size=rows))
    x[random.random(x.shape) < 0.1] = np.nan
    return x, y.astype(np.float32)


def categorical(rows=400):
    """Column 0 is one of forty kinds, the others are numbers."""
    random = np.random.default_rng(SEED + 1)
    x = random.normal(size=(rows, 3))
    x[:, 0] = random.integers(0, 40, size=rows)
    y = np.where(np.isin(x[:, 0], [1, 5, 7, 33, 38]), 3.0, -1.0) + x[:, 1]
    return x.astype(np.float32), y.astype(np.float32)


X, Y = synthetic()
LABEL = (Y > np.median(Y)).astype(np.float32)
CLASS = np.digitize(Y, np.quantile(Y, [0.33, 0.66])).astype(np.float32)
GROUPS = [40] * 10
RELEVANCE = np.digitize(Y, np.quantile(Y, [0.25, 0.5, 0.75])).astype(np.float32)


def odd_rows(x):
    """Rows as they are, then what only tests send: all missing, all zero, numbers far away, kinds never seen."""
    rows = np.array(x[:ROWS], dtype=np.float32)
    rows[-1] = np.nan
    rows[-2] = 0
    rows[-3] = 1e30
    rows[-4] = -1e30
    return rows


class Writer:
    def __init__(self, folder):
        self.folder = folder
        self.references = {}

    def add(self, file, rows, names, predictions):
        self.references[file] = {
            "features": list(names),
            "input": [[None if np.isnan(v) else float(v) for v in row] for row in rows],
            "output": np.asarray(predictions, dtype=np.float64).tolist(),
        }

    def xgboost(self, name, params, x, y, rounds=4, rows=None, suffixes=(".ubj",), names=(), types=None, **more):
        data = xgb.DMatrix(x, label=y, feature_names=list(names) or None, feature_types=types, enable_categorical=types is not None, **more)
        for key in ("label_lower_bound", "label_upper_bound"):
            if params.get("objective") == "survival:aft":
                data.set_float_info(key, y)
        params = {"max_depth": 3, "seed": SEED, "nthread": 1, "tree_method": "hist", "max_bin": 32, **params}
        if params.get("booster") == "gblinear":
            params = {k: v for k, v in params.items() if k not in ("max_depth", "tree_method", "max_bin")}
        booster = xgb.train(params, data, rounds)
        rows = odd_rows(x) if rows is None else rows
        test = xgb.DMatrix(rows, feature_names=list(names) or None, feature_types=types, enable_categorical=types is not None)
        for suffix in suffixes:
            file = f"xgboost/{name}{suffix}"
            booster.save_model(self.folder / file)
            self.add(file, rows, names, booster.predict(test))
        return booster

    def lightgbm(self, name, params, x, y, rounds=4, rows=None, names=None, categories=(), **more):
        params = {
            "num_leaves": 5, "min_data_in_leaf": 5, "max_bin": 31, "seed": SEED, "num_threads": 1, "verbosity": -1,
            "deterministic": True, "force_row_wise": True, **params,
        }
        data = lgb.Dataset(
            x.astype(np.float64), y, feature_name=list(names) if names else "auto", categorical_feature=list(categories), **more
        )
        booster = lgb.train(params, data, rounds)
        file = f"lightgbm/{name}.txt"
        booster.save_model(self.folder / file)
        rows = odd_rows(x) if rows is None else rows
        self.add(file, rows, booster.feature_name(), booster.predict(rows.astype(np.float64), num_threads=1))


def xgboost_models(writer):
    breast = load_breast_cancer()
    rows = breast.data[:12].astype(np.float32)
    rows[3, :10] = np.nan
    rows[4] = np.nan
    names = list(breast.feature_names)
    writer.xgboost(
        "breast", {"objective": "binary:logistic"}, breast.data.astype(np.float32), breast.target, 8, rows, (".ubj", ".json"), names
    )
    iris = load_iris()
    iris_x = iris.data.astype(np.float32)
    for name, objective in (("softprob", "multi:softprob"), ("softmax", "multi:softmax")):
        writer.xgboost(name, {"objective": objective, "num_class": 3}, iris_x, iris.target, 3, iris_x[::15], (".ubj", ".json"))
    targets = {
        "reg:squarederror": Y, "reg:squaredlogerror": Y, "reg:logistic": LABEL, "binary:logitraw": LABEL, "binary:hinge": LABEL,
        "count:poisson": Y, "reg:gamma": Y, "reg:tweedie": Y, "reg:absoluteerror": Y, "reg:pseudohubererror": Y, "survival:aft": Y,
        "survival:cox": Y,
    }
    for objective, y in targets.items():
        writer.xgboost(objective.replace(":", "-"), {"objective": objective}, X, y)
    for objective in ("rank:ndcg", "rank:pairwise", "rank:map"):
        y = LABEL if objective == "rank:map" else RELEVANCE
        writer.xgboost(objective.replace(":", "-"), {"objective": objective}, X, y, group=GROUPS)
    writer.xgboost("reg-quantileerror", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, X, Y)
    writer.xgboost("base-score", {"objective": "binary:logistic", "base_score": 0.2}, X, LABEL, suffixes=(".json",))
    writer.xgboost(
        "forest", {"objective": "binary:logistic", "num_parallel_tree": 3, "subsample": 0.7, "colsample_bynode": 0.8}, X, LABEL, 2
    )
    dart = {"booster": "dart", "objective": "reg:squarederror", "rate_drop": 0.5, "skip_drop": 0.1}
    writer.xgboost("dart", dart, X, Y, 6)
    writer.xgboost("dart-softprob", {**dart, "objective": "multi:softprob", "num_class": 3}, X, CLASS, 4)
    writer.xgboost("linear", {"booster": "gblinear", "objective": "binary:logistic"}, X, LABEL)
    writer.xgboost("linear-softprob", {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3}, X, CLASS)
    both = np.stack([Y, -Y], axis=1)
    writer.xgboost("two-targets", {"objective": "reg:squarederror"}, X, both)
    writer.xgboost("vector-leaf", {"objective": "reg:squarederror", "multi_strategy": "multi_output_tree"}, X, both)
    cat_x, cat_y = categorical()
    kinds = ["c", "q", "q"]
    cat_rows = cat_x[:ROWS].copy()
    cat_rows[0, 0] = 100
    cat_rows[1, 0] = 38
    cat_rows[2, 0] = np.nan
    for name, onehot in (("categorical", 1), ("onehot", 100)):
        writer.xgboost(
            name, {"objective": "reg:squarederror", "max_cat_to_onehot": onehot}, cat_x, cat_y, 4, cat_rows, (".ubj", ".json"), types=kinds
        )


def lightgbm_models(writer):
    breast = load_breast_cancer()
    rows = breast.data[:12].astype(np.float32)
    rows[3, :10] = np.nan
    rows[4] = np.nan
    names = [name.replace(" ", "_") for name in breast.feature_names]
    writer.lightgbm("breast", {"objective": "binary"}, breast.data.astype(np.float32), breast.target, 8, rows, names)
    targets = {
        "regression": Y, "regression_l1": Y, "huber": Y, "fair": Y, "quantile": Y, "mape": Y, "poisson": Y, "gamma": Y, "tweedie": Y,
        "cross_entropy": LABEL, "cross_entropy_lambda": LABEL,
    }
    for objective, y in targets.items():
        writer.lightgbm(objective, {"objective": objective}, X, y)
    writer.lightgbm("sqrt", {"objective": "regression", "reg_sqrt": True}, X, Y - 2)
    writer.lightgbm("sigmoid", {"objective": "binary", "sigmoid": 2.5}, X, LABEL)
    writer.lightgbm("multiclass", {"objective": "multiclass", "num_class": 3}, X, CLASS)
    writer.lightgbm("multiclassova", {"objective": "multiclassova", "num_class": 3, "sigmoid": 1.5}, X, CLASS)
    for objective in ("lambdarank", "rank_xendcg"):
        writer.lightgbm(objective, {"objective": objective}, X, RELEVANCE, group=GROUPS)
    forest = {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}
    writer.lightgbm("forest", {"objective": "binary", **forest}, X, LABEL)
    writer.lightgbm("dart", {"objective": "regression", "boosting": "dart", "drop_rate": 0.5}, X, Y, 6)
    writer.lightgbm("zero-as-missing", {"objective": "regression", "zero_as_missing": True}, X, Y)
    writer.lightgbm("use-missing-off", {"objective": "regression", "use_missing": False}, X, Y)
    writer.lightgbm("linear-tree", {"objective": "regression", "linear_tree": True}, np.nan_to_num(X), Y)
    writer.lightgbm("stumps", {"objective": "regression", "min_data_in_leaf": 300}, X, Y)
    cat_x, cat_y = categorical()
    cat_rows = cat_x[:ROWS].copy()
    cat_rows[0, 0] = 100
    cat_rows[1, 0] = 38
    cat_rows[2, 0] = np.nan
    cat_rows[3, 0] = -3
    params = {"objective": "regression", "min_data_per_group": 1, "cat_smooth": 1, "max_cat_to_onehot": 2}
    writer.lightgbm("categorical", params, cat_x, cat_y, 4, cat_rows, categories=[0])


def trial(folder):
    """x0 < 0 gives 1, else 2 or, for a missing x1 or one from 1 on, 4."""
    x = np.array([[a, b] for a in (-1, 1) for b in (0, 2)] * 10, dtype=np.float32)
    y = np.where(x[:, 0] < 0, 1, np.where(x[:, 1] < 1, 2, 4)).astype(np.float32)
    params = {"max_depth": 2, "eta": 1, "lambda": 0, "base_score": 0, "nthread": 1, "seed": SEED, "min_child_weight": 0}
    booster = xgb.train(params, xgb.DMatrix(x, label=y), 1)
    booster.save_model(folder / "trial.ubj")
    print("trial", booster.predict(xgb.DMatrix(np.array([[-1, 0], [1, 0], [1, 2]], dtype=np.float32))))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for part in ("xgboost", "lightgbm"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    writer = Writer(folder)
    xgboost_models(writer)
    lightgbm_models(writer)
    trial(folder)
    entries = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in writer.references.items()]
    (folder / "reference.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")


if __name__ == "__main__":
    main()
