# SPDX-License-Identifier: Apache-2.0
"""Writes an audio model that is arithmetic and nothing else, a sound for it, and what it makes of it.

pitch.onnx      scores [rows, 3] for low, middle and high of a log-mel spectrogram FP32 [rows, 12, frames]: the means of
                four bands each

The reference is computed without the model: the sound's samples, resampled and analysed by the definitions in the
handlers' own make_audio_references.py, which are NumPy's.

Usage: python make.py [folder]; needs the packages onnx, numpy and scipy.
"""

import importlib.util
import json
import math
import pathlib
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).resolve().parent
DEFINITIONS = HERE.parents[2] / "inference-engine/handlers/src/test/python/make_audio_references.py"
RATE, SECONDS, WINDOW, HOP, MELS = 8000, 0.5, 256, 128, 12
SENT_RATE = 11025


def definitions():
    spec = importlib.util.spec_from_file_location("definitions", DEFINITIONS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def model(path, weights):
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["mel"], ["loudness"], axes=[2], keepdims=0),
            helper.make_node("MatMul", ["loudness", "weights"], ["scores"]),
        ],
        path.stem,
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["rows", MELS, "frames"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", 3])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    made = helper.make_model(
        graph, producer_name="sluice", opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    weights = np.zeros((MELS, 3), dtype=np.float32)
    for band in range(MELS):
        weights[band, band // 4] = 0.25
    model(folder / "pitch.onnx", weights)

    t = np.arange(int(0.4 * SENT_RATE)) / SENT_RATE
    left = 0.4 * np.sin(2 * np.pi * 700 * t) + 0.02 * np.sin(2 * np.pi * 3300 * t)
    right = 0.2 * np.sin(2 * np.pi * 300 * t) + 0.01 * np.sin(2 * np.pi * 1800 * t)
    whole = np.rint(np.stack([left, right], axis=1) * 32768).astype("<i2")
    fmt = struct.pack("<HHIIHH", 1, 2, SENT_RATE, SENT_RATE * 4, 4, 16)
    data = whole.tobytes()
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    (folder / "chord.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)

    define = definitions()
    mono = whole.astype(np.float64).mean(axis=1) / 32768
    heard = define.resampled(mono, SENT_RATE, RATE)
    count = int(RATE * SECONDS)
    heard = np.pad(heard, (0, max(0, count - len(heard))))[:count]
    power = define.spectrogram(heard, RATE, WINDOW, HOP, MELS, 0.0, RATE / 2)
    scores = np.log(np.maximum(1e-10, power)).mean(axis=1) @ weights
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    answer = {str(k): float(p) for k, p in enumerate(likely)}
    (folder / "reference.json").write_text(json.dumps(answer, indent=1) + "\n")
    assert math.isclose(sum(answer.values()), 1)


if __name__ == "__main__":
    main()
