# SPDX-License-Identifier: Apache-2.0
"""Writes the models that are arithmetic and nothing else, for tests of what happens around a model.

double.onnx      doubled = 2 x; x and doubled are FP32 [rows, columns], any number of both
accumulate.onnx  total = next_state = state + x; all FP32 [rows, 2]

Usage: python make.py [folder]; needs the package onnx.
"""

import pathlib
import sys

import onnx
from onnx import TensorProto, helper

OPSET = [helper.make_opsetid("", 17)]


def tensor(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def write(path, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    model = helper.make_model(graph, producer_name="sluice", opset_imports=OPSET, ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    write(
        folder / "double.onnx",
        [helper.make_node("Mul", ["x", "two"], ["doubled"])],
        [tensor("x", "rows", "columns")],
        [tensor("doubled", "rows", "columns")],
        [helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])],
    )
    write(
        folder / "accumulate.onnx",
        [
            helper.make_node("Add", ["x", "state"], ["total"]),
            helper.make_node("Identity", ["total"], ["next_state"]),
        ],
        [tensor("x", "rows", 2), tensor("state", "rows", 2)],
        [tensor("total", "rows", 2), tensor("next_state", "rows", 2)],
    )


if __name__ == "__main__":
    main()
