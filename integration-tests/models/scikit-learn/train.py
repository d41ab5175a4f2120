# SPDX-License-Identifier: Apache-2.0
"""Trains two small scikit-learn classifiers and writes them as ONNX, as its converter does when it is not told otherwise.

fruit.onnx   columns of texts and numbers in, class names out: the labels as texts, and a map from name to probability per row
three.onnx   four numbers in, class numbers out: the labels as INT64, and a map from number to probability per row

reference.json holds a few rows, and what scikit-learn itself answers. The rows to train on are made up by rules, with noise.

Usage: python train.py [folder]; needs numpy, scikit-learn and skl2onnx.
"""

import json
import pathlib
import sys

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

OPSET = {"": 17, "ai.onnx.ml": 3}
COLOURS = ["red", "green", "yellow", "w\u00e4ssrig"]
TASTES = ["sweet", "sour"]


def fruit(rng):
    """Colour, taste and grams; the names of the classes are not in the order in which they are first seen."""
    colour = rng.choice(COLOURS, 300)
    taste = rng.choice(TASTES, 300)
    grams = rng.uniform(5, 300, 300)
    name = np.where(grams > 200, "melon", np.where(taste == "sour", "lemon", np.where(grams < 40, "\u00e4pfelchen", "apple")))
    table = np.column_stack([colour, taste, grams.round(1)]).astype(object)
    table[:, 2] = grams.astype(np.float32)
    return table, name


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    rng = np.random.default_rng(7)

    table, names = fruit(rng)
    columns = ColumnTransformer([("text", OneHotEncoder(handle_unknown="ignore"), [0, 1]), ("number", StandardScaler(), [2])])
    by_name = make_pipeline(columns, LogisticRegression(max_iter=500)).fit(table, names)
    types = [
        ("colour", StringTensorType([None, 1])),
        ("taste", StringTensorType([None, 1])),
        ("grams", FloatTensorType([None, 1])),
    ]
    model = convert_sklearn(by_name, initial_types=types, target_opset=OPSET)
    (folder / "fruit.onnx").write_bytes(model.SerializeToString())

    numbers = rng.standard_normal((200, 4)).astype(np.float32)
    classes = np.where(numbers[:, 0] > 0.5, 20, np.where(numbers[:, 1] > 0, 3, -7))
    by_number = DecisionTreeClassifier(max_depth=3, random_state=0).fit(numbers, classes)
    model = convert_sklearn(by_number, initial_types=[("x", FloatTensorType([None, 4]))], target_opset=OPSET)
    (folder / "three.onnx").write_bytes(model.SerializeToString())

    asked, given = table[:5], numbers[:5]
    reference = {
        "fruit": {
            "colour": asked[:, 0].tolist(),
            "taste": asked[:, 1].tolist(),
            "grams": [float(grams) for grams in asked[:, 2]],
            "label": by_name.predict(asked).tolist(),
            "classes": by_name.classes_.tolist(),
            "probabilities": by_name.predict_proba(asked).tolist(),
        },
        "three": {
            "x": given.tolist(),
            "label": by_number.predict(given).tolist(),
            "classes": by_number.classes_.tolist(),
            "probabilities": by_number.predict_proba(given).tolist(),
        },
    }
    (folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
