# SPDX-License-Identifier: Apache-2.0
"""Writes a forecasting model that is arithmetic and nothing else, a history for it, and what it makes of it.

seasonal.onnx   of the last 24 values FP32 [rows, 24]: mean [rows, 12], the last 12 once more, and quantiles
                [rows, 3, 12], those less 0.1, as they are, and plus 0.1

The reference is computed without the model: the mean of the last 24 absolute values is what 0.1 is multiplied with.

Usage: python make.py [folder]; needs the packages onnx and numpy.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

CONTEXT, SEASON = 24, 12


def constant(name, array):
    return onnx.numpy_helper.from_array(np.asarray(array), name)


def model(path):
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["values", "from", "to", "axis"], ["mean"]),
            helper.make_node("Unsqueeze", ["mean", "axis"], ["line"]),
            helper.make_node("Add", ["line", "spread"], ["quantiles"]),
        ],
        path.stem,
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, ["rows", CONTEXT])],
        [
            helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["rows", SEASON]),
            helper.make_tensor_value_info("quantiles", TensorProto.FLOAT, ["rows", 3, SEASON]),
        ],
        [
            constant("from", np.int64([CONTEXT - SEASON])),
            constant("to", np.int64([CONTEXT])),
            constant("axis", np.int64([1])),
            constant("spread", np.float32([[[-0.1], [0], [0.1]]])),
        ],
    )
    made = helper.make_model(
        graph, producer_name="sluice", opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    model(folder / "seasonal.onnx")
    months = np.arange(40)
    history = np.round(200 + 3 * months + 60 * np.sin(2 * np.pi * months / SEASON), 1)
    scale = np.abs(history[-CONTEXT:]).mean()
    last = history[-SEASON:]
    quantiles = {level: (last + shift * scale).tolist() for level, shift in (("0.1", -0.1), ("0.5", 0), ("0.9", 0.1))}
    reference = {"history": history.tolist(), "mean": last.tolist(), "quantiles": quantiles}
    (folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
