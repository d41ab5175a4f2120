# SPDX-License-Identifier: Apache-2.0
"""Writes the models of this folder and the helper graphs that the engine carries, each a few hundred bytes.

Needs the packages onnx (1.17) and numpy, no network.

    python make_models.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper

HERE = Path(__file__).parent


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


HELPERS = HERE.parents[1] / "main/resources/dev/sluice/engine/onnxruntime"


def opsets(version, nodes):
    classical = [helper.make_opsetid("ai.onnx.ml", 2)] if any(node.domain for node in nodes) else []
    return [helper.make_opsetid("", version)] + classical


def save(name, nodes, inputs, outputs, initializers=(), opset=17, folder=HERE):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=opsets(opset, nodes), ir_version=8)
    model.producer_name = "sluice"
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


def external(name, location):
    """y = x + w, with w in another file."""
    weights = T(name="w", data_type=T.FLOAT, dims=[4], data_location=T.EXTERNAL)
    for key, entry in (("location", location), ("offset", "0"), ("length", "16")):
        weights.external_data.add(key=key, value=entry)
    save(
        name,
        [helper.make_node("Add", ["x", "w"], ["y"])],
        [value("x", T.FLOAT, ["n", 4])],
        [value("y", T.FLOAT, ["n", 4])],
        [weights],
    )


KINDS = {
    "bool": T.BOOL,
    "uint8": T.UINT8,
    "uint16": T.UINT16,
    "uint32": T.UINT32,
    "uint64": T.UINT64,
    "int8": T.INT8,
    "int16": T.INT16,
    "int32": T.INT32,
    "int64": T.INT64,
    "fp16": T.FLOAT16,
    "bf16": T.BFLOAT16,
    "fp32": T.FLOAT,
    "fp64": T.DOUBLE,
}

# Every type, passed through.
save(
    "types",
    [helper.make_node("Identity", [kind], [f"{kind}_out"]) for kind in KINDS],
    [value(kind, number, ["n", 2]) for kind, number in KINDS.items()],
    [value(f"{kind}_out", number, ["n", 2]) for kind, number in KINDS.items()],
)

# Two inputs whose rows share a name, two outputs of different types.
save(
    "two",
    [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Greater", ["a", "b"], ["greater"])],
    [value("a", T.FLOAT, ["n", 3]), value("b", T.FLOAT, ["n", 3])],
    [value("sum", T.FLOAT, ["n", 3]), value("greater", T.BOOL, ["n", 3])],
)

# A name shared by sizes that differ.
save(
    "misnamed",
    [helper.make_node("Identity", ["a"], ["a_out"]), helper.make_node("Identity", ["b"], ["b_out"])],
    [value("a", T.FLOAT, ["n", 2]), value("b", T.FLOAT, ["n", 2])],
    [value("a_out", T.FLOAT, ["n", 2]), value("b_out", T.FLOAT, ["n", 2])],
)

# An output as long as the data says.
save(
    "nonzero",
    [helper.make_node("NonZero", ["x"], ["where"])],
    [value("x", T.FLOAT, ["n", 3])],
    [value("where", T.INT64, [2, "found"])],
)

# An output whose shape in the file is wrong as soon as repeats is not [1, 1].
save(
    "wrongshape",
    [helper.make_node("Tile", ["x", "repeats"], ["y"])],
    [value("x", T.FLOAT, ["n", 3]), value("repeats", T.INT64, [2])],
    [value("y", T.FLOAT, ["n", 3])],
)

# No shapes at all.
save(
    "shapeless",
    [helper.make_node("Relu", ["x"], ["y"])],
    [value("x", T.FLOAT, None)],
    [value("y", T.FLOAT, None)],
)

# Fails on indices the table does not have.
save(
    "lookup",
    [helper.make_node("Gather", ["table", "index"], ["y"])],
    [value("index", T.INT64, ["n"])],
    [value("y", T.FLOAT, ["n"])],
    [onnx.numpy_helper.from_array(np.array([1.5, 2.5, 3.5], np.float32), "table")],
)

# Unsigned numbers that the graph itself makes.
save(
    "uint16out",
    [helper.make_node("Cast", ["x"], ["y"], to=T.UINT16)],
    [value("x", T.FLOAT, ["n"])],
    [value("y", T.UINT16, ["n"])],
)
save(
    "strings",
    [helper.make_node("Identity", ["x"], ["y"])],
    [value("x", T.STRING, ["n"])],
    [value("y", T.STRING, ["n"])],
)
save(
    "sequence",
    [helper.make_node("SequenceConstruct", ["x"], ["y"])],
    [value("x", T.FLOAT, ["n"])],
    [helper.make_tensor_sequence_value_info("y", T.FLOAT, ["n"])],
)
save(
    "unknownop",
    [helper.make_node("NoSuchOperator", ["x"], ["y"])],
    [value("x", T.FLOAT, ["n"])],
    [value("y", T.FLOAT, ["n"])],
)

np.arange(4, dtype=np.float32).tofile(HERE / "external.bin")
external("external", "external.bin")
external("external-linked", "linked.bin")
external("external-parent", "../external.bin")
external("external-absolute", "/etc/hostname")

# Texts and scalars; what a model may be asked for without being given anything; a bias that need not be given.
save(
    "textscalar",
    [helper.make_node("Identity", ["x"], ["y"])],
    [value("x", T.STRING, [])],
    [value("y", T.STRING, [])],
)
save(
    "constant",
    [helper.make_node("Constant", [], ["y"], value_floats=[1.5, 2.5])],
    [],
    [value("y", T.FLOAT, [2])],
)
save(
    "defaulted",
    [helper.make_node("Add", ["x", "bias"], ["y"])],
    [value("x", T.FLOAT, ["n", 2]), value("bias", T.FLOAT, [2])],
    [value("y", T.FLOAT, ["n", 2])],
    [onnx.numpy_helper.from_array(np.array([10, 20], np.float32), "bias")],
)
save(
    "optional",
    [helper.make_node("OptionalHasElement", ["x"], ["y"])],
    [helper.make_value_info("x", helper.make_optional_type_proto(helper.make_tensor_type_proto(T.FLOAT, ["n"])))],
    [value("y", T.BOOL, [])],
    opset=18,
)
save(
    "complex",
    [helper.make_node("Identity", ["x"], ["y"])],
    [value("x", T.COMPLEX64, ["n"])],
    [value("y", T.COMPLEX64, ["n"])],
)

# The network that per-call cost is measured on.
RNG = np.random.default_rng(0)
WEIGHTS = {"w1": (64, 32), "b1": (32,), "w2": (32, 10), "b2": (10,)}
save(
    "mlp",
    [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["y"]),
    ],
    [value("x", T.FLOAT, ["n", 64])],
    [value("y", T.FLOAT, ["n", 10])],
    [onnx.numpy_helper.from_array(RNG.standard_normal(s).astype(np.float32), n) for n, s in WEIGHTS.items()],
)

# What the engine carries in its jar: signed integers made unsigned, bit for bit, and texts compared.
for bits in (16, 32, 64):
    save(
        f"uint{bits}",
        [helper.make_node("Cast", ["x"], ["y"], to=getattr(T, f"UINT{bits}"))],
        [value("x", getattr(T, f"INT{bits}"), None)],
        [value("y", getattr(T, f"UINT{bits}"), None)],
        folder=HELPERS,
    )
save(
    "sametexts",
    [helper.make_node("Equal", ["left", "right"], ["same"])],
    [value("left", T.STRING, None), value("right", T.STRING, None)],
    [value("same", T.BOOL, None)],
    opset=19,
    folder=HELPERS,
)

# Numbers for texts, some of which are no text in the encoding that JNI uses.
CODES = helper.make_node("LabelEncoder", ["x"], ["code"], domain="ai.onnx.ml", default_int64=-1)
CODES.attribute.append(
    helper.make_attribute("keys_strings", ["\U0001f600x".encode(), b"a\0b", b"\xff\xfe", b"plain"])
)
CODES.attribute.append(helper.make_attribute("values_int64s", [1, 2, 3, 4]))
save("textcodes", [CODES], [value("x", T.STRING, ["n"])], [value("code", T.INT64, ["n"])])
