# SPDX-License-Identifier: Apache-2.0
"""Writes the models of this module's tests, and the one the engine is tried with.

../../main/resources/dev/sluice/engine/tflite/
  double.tflite       doubled = 2 x; FP32 [rows, 3]
here
  types.tflite        out_T = in_T for each type T but FP32, as [rows, 2]
  strings.tflite      out = text, strings, [rows] as [rows, 1]
  labels.tflite       label = the name of index, 0 to 2; INT32 [rows] to strings [rows]
  two.tflite          sum = zeta + alpha, difference = zeta - alpha, FP32 [rows, 2]; the signature lists them in another order
                      than the graph
  unsigned.tflite     the same without a signature
  batchone.tflite     y = x W, FP32 [1, 4] to [1, 2], exported for one row, works for any number
  mixing.tflite       y = x times one of the rows of x, FP32 [1, 4]: other rows change the answer
  fixed.tflite        y = x as a 2 by 2 matrix times another, FP32 [1, 4]: the reshape fails for more rows
  pair.tflite         y = x + 1, FP32 [2, 3], exported for two rows
  quantised.tflite    y = about 2 x, UINT8 [rows, 3]
  where.tflite        at = the places of all numbers above 0 in x, FP32 [rows] to INT64 [found, 1]
  table.tflite        entry = row number index of a table of three, INT32 [rows] to FP32 [rows, 2]
  custom.tflite       an operator that TF Lite does not have, MyOwnOp
  flex.tflite         an operator of TensorFlow's, FlexBitcast
  signatures.tflite   signatures thrice (the first subgraph) and twice
  complex.tflite      a complex input

Usage: python make_models.py; needs the package tensorflow 2.18.
"""

import pathlib

import numpy as np
import tensorflow as tf
from flatbuffers import Builder
from tensorflow.lite.python import schema_py_generated as schema

HERE = pathlib.Path(__file__).parent
MAIN = HERE.parent.parent / "main/resources/dev/sluice/engine/tflite"


def spec(shape, name, dtype=tf.float32):
    return tf.TensorSpec(shape, dtype, name=name)


def convert(path, function, *specs, configure=lambda converter: None):
    module = tf.Module()
    module.function = tf.function(function, input_signature=specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.function.get_concrete_function()], module
    )
    configure(converter)
    path.write_bytes(converter.convert())


class Graph:
    """A model of one subgraph, put together by hand: the converter refuses some types."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = "sluice"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.model.signatureDefs = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, name, type_, shape, signature=None, data=b""):
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, type_, shape
        tensor.shapeSignature = signature
        tensor.buffer = 0
        if data:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def ints(self, name, values):
        return self.tensor(name, schema.TensorType.INT32, [len(values)], None, np.array(values, np.int32).tobytes())

    def operator(self, builtin, inputs, outputs, custom=None, options=None):
        code = schema.OperatorCodeT()
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, 127)
        code.customCode = custom
        code.version = 1
        self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, outputs
        if options:
            operator.builtinOptionsType, operator.builtinOptions = options
        self.graph.operators.append(operator)

    def write(self, path):
        builder = Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


def packed(strings):
    """Strings as TF Lite stores them: their number, where each starts and the last ends, and their bytes."""
    start = 4 * (len(strings) + 2)
    offsets = [start]
    for text in strings:
        offsets.append(offsets[-1] + len(text))
    return np.array([len(strings), *offsets], np.int32).tobytes() + b"".join(strings)


def types(path):
    graph = Graph()
    new_shape = graph.ints("shape", [-1, 2])
    names = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FLOAT16 BFLOAT16 FLOAT64".split()
    for name in names:
        type_ = getattr(schema.TensorType, name)
        source = graph.tensor(f"in_{name.lower()}", type_, [1, 2], [-1, 2])
        target = graph.tensor(f"out_{name.lower()}", type_, [1, 2], [-1, 2])
        graph.operator(schema.BuiltinOperator.RESHAPE, [source, new_shape], [target])
        graph.graph.inputs.append(source)
        graph.graph.outputs.append(target)
    graph.write(path)


def strings(path):
    graph = Graph()
    text = graph.tensor("text", schema.TensorType.STRING, [1], [-1])
    out = graph.tensor("out", schema.TensorType.STRING, [1, 1], [-1, 1])
    graph.operator(schema.BuiltinOperator.RESHAPE, [text, graph.ints("shape", [-1, 1])], [out])
    graph.graph.inputs, graph.graph.outputs = [text], [out]
    graph.write(path)


def labels(path):
    graph = Graph()
    names = graph.tensor("names", schema.TensorType.STRING, [3], None, packed([b"cat", "hündin".encode(), b""]))
    index = graph.tensor("index", schema.TensorType.INT32, [1], [-1])
    label = graph.tensor("label", schema.TensorType.STRING, [1], [-1])
    graph.operator(
        schema.BuiltinOperator.GATHER,
        [names, index],
        [label],
        options=(schema.BuiltinOptions.GatherOptions, schema.GatherOptionsT()),
    )
    graph.graph.inputs, graph.graph.outputs = [index], [label]
    graph.write(path)


def one_operator(path, builtin, custom=None, type_=schema.TensorType.FLOAT32):
    graph = Graph()
    x = graph.tensor("x", type_, [1, 3])
    y = graph.tensor("y", type_, [1, 3])
    graph.operator(builtin, [x], [y], custom)
    graph.graph.inputs, graph.graph.outputs = [x], [y]
    graph.write(path)


def two(path, keep_signature):
    convert(
        path,
        lambda zeta, alpha: {"sum": zeta + alpha, "difference": zeta - alpha},
        spec([None, 2], "zeta"),
        spec([None, 2], "alpha"),
    )
    if not keep_signature:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
        model.signatureDefs = []
        builder = Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


def quantised(path):
    def configure(converter):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([np.array([[0, 1, 2]], np.float32)] for _ in range(3))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8

    weights = tf.constant(2 * np.eye(3, dtype=np.float32))
    convert(path, lambda x: {"y": tf.matmul(x, weights)}, spec([None, 3], "x"), configure=configure)


def signatures(path):
    module = tf.Module()
    module.twice = tf.function(lambda x: {"y": 2 * x}, input_signature=[spec([None, 2], "x")])
    module.thrice = tf.function(lambda x: {"y": 3 * x}, input_signature=[spec([None, 2], "x")])
    folder = HERE / "tmp"
    tf.saved_model.save(module, str(folder), signatures={"twice": module.twice, "thrice": module.thrice})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["twice", "thrice"])
    path.write_bytes(converter.convert())
    tf.io.gfile.rmtree(str(folder))


def main():
    weights = tf.constant([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0], [0.5, 3.0]])
    table = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    convert(MAIN / "double.tflite", lambda x: {"doubled": 2 * x}, spec([None, 3], "x"))
    types(HERE / "types.tflite")
    strings(HERE / "strings.tflite")
    labels(HERE / "labels.tflite")
    two(HERE / "two.tflite", True)
    two(HERE / "unsigned.tflite", False)
    convert(HERE / "batchone.tflite", lambda x: {"y": tf.matmul(x, weights)}, spec([1, 4], "x"))
    convert(HERE / "mixing.tflite", lambda x: {"y": x * tf.slice(tf.concat([x, x], 0), [1, 0], [1, 4])}, spec([1, 4], "x"))
    convert(
        HERE / "fixed.tflite",
        lambda x: {"y": tf.reshape(tf.matmul(tf.reshape(x, [2, 2]), tf.constant([[1.0, 2.0], [3.0, 4.0]])), [1, 4])},
        spec([1, 4], "x"),
    )
    convert(HERE / "pair.tflite", lambda x: {"y": x + 1}, spec([2, 3], "x"))
    quantised(HERE / "quantised.tflite")
    convert(HERE / "where.tflite", lambda x: {"at": tf.where(x > 0)}, spec([None], "x"))
    convert(HERE / "table.tflite", lambda index: {"entry": tf.gather(table, index)}, spec([None], "index", tf.int32))
    one_operator(HERE / "custom.tflite", schema.BuiltinOperator.CUSTOM, "MyOwnOp")
    one_operator(HERE / "flex.tflite", schema.BuiltinOperator.CUSTOM, "FlexBitcast")
    one_operator(HERE / "complex.tflite", schema.BuiltinOperator.RESHAPE, None, schema.TensorType.COMPLEX64)
    signatures(HERE / "signatures.tflite")


if __name__ == "__main__":
    main()
