# SPDX-License-Identifier: Apache-2.0
"""Writes the vision models that are arithmetic and nothing else, an image for them, and what they make of it.

detector.onnx   finds the red (1), the blue (2) and the green (3) thing in an image FP32 [1, 3, height, width] of any
                size: boxes [3, 4], labels [3], scores [3], as torchvision's detectors answer. Scores grow with the
                share of the image a thing takes; the green one's stays below one half.
segmenter.onnx  out [rows, 2, height, width]: how much more than half of full red each pixel of a normalised image
                has, against zero; and aux, which nobody is to look at
style.onnx      1 - x

The references are computed without the models: with NumPy on the pixels Pillow reads. The segmenter's image is resized
by Pillow as torchvision's Resize and CenterCrop do. Pillow 13 began to resize rows before columns where that is faster,
which changes some bytes by one: a pixel's probability by up to 0.02, and its class where it is even.

Usage: python make.py [folder]; needs the packages onnx, numpy and pillow.
"""

import io
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image, ImageDraw

OPSET = [helper.make_opsetid("", 17)]
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
SIZE, RESIZE = 32, 36


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    return onnx.numpy_helper.from_array(np.asarray(array), name)


def write(path, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    model = helper.make_model(graph, producer_name="sluice", opset_imports=OPSET, ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def detector(path):
    constants = [
        constant("half", np.float32(0.5)),
        constant("one", np.int64([1])),
        constant("channel", np.int64([1, 1, 1])),
        constant("labels_", np.int64([1, 2, 3])),
        constant("low", np.float32([0.5, 0.6, 0.0])),
        constant("flat", np.int64([-1])),
        constant("shape", np.int64([3, 4])),
    ]
    nodes = [
        helper.make_node("Split", ["image", "channel"], ["r4", "g4", "b4"], axis=1),
        helper.make_node("Identity", ["labels_"], ["labels"]),
    ]
    for name in "rgb":
        nodes += [
            helper.make_node("Greater", [name + "4", "half"], [name + "on"]),
            helper.make_node("Not", [name + "on"], [name + "off"]),
        ]
    for name, (a, b) in {"r": "gb", "b": "rg", "g": "rb"}.items():
        nodes += [
            helper.make_node("And", [name + "on", a + "off"], [name + "m1"]),
            helper.make_node("And", [name + "m1", b + "off"], [name + "m2"]),
            helper.make_node("Cast", [name + "m2"], [name + "m"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMax", [name + "m"], [name + "cols"], axes=[0, 1, 2], keepdims=0),
            helper.make_node("ReduceMax", [name + "m"], [name + "rows"], axes=[0, 1, 3], keepdims=0),
            helper.make_node("ArgMax", [name + "cols"], [name + "x0"], axis=0, keepdims=1),
            helper.make_node("ArgMax", [name + "rows"], [name + "y0"], axis=0, keepdims=1),
            helper.make_node("ArgMax", [name + "cols"], [name + "x1"], axis=0, keepdims=1, select_last_index=1),
            helper.make_node("ArgMax", [name + "rows"], [name + "y1"], axis=0, keepdims=1, select_last_index=1),
            helper.make_node("Add", [name + "x1", "one"], [name + "x2"]),
            helper.make_node("Add", [name + "y1", "one"], [name + "y2"]),
            helper.make_node(
                "Concat", [name + "x0", name + "y0", name + "x2", name + "y2"], [name + "box"], axis=0
            ),
            helper.make_node("ReduceMean", [name + "m"], [name + "share4"], keepdims=0),
            helper.make_node("Reshape", [name + "share4", "flat"], [name + "share"]),
        ]
    nodes += [
        helper.make_node("Concat", ["rbox", "bbox", "gbox"], ["corners"], axis=0),
        helper.make_node("Cast", ["corners"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["floats", "shape"], ["boxes"]),
        helper.make_node("Concat", ["rshare", "bshare", "gshare"], ["shares"], axis=0),
        helper.make_node("Add", ["shares", "low"], ["scores"]),
    ]
    write(
        path,
        nodes,
        [value("image", [1, 3, "height", "width"])],
        [
            value("boxes", [3, 4]),
            value("labels", [3], TensorProto.INT64),
            value("scores", [3]),
        ],
        constants,
    )


def segmenter(path):
    weights = np.zeros((2, 3, 1, 1), dtype=np.float32)
    weights[1, 0] = 20 * STD[0]
    bias = np.float32([0, 20 * (MEAN[0] - 0.5)])
    write(
        path,
        [
            helper.make_node("Neg", ["image"], ["aux"]),
            helper.make_node("Conv", ["image", "weights", "bias"], ["out"]),
        ],
        [value("image", ["rows", 3, "height", "width"])],
        [value("aux", ["rows", 3, "height", "width"]), value("out", ["rows", 2, "height", "width"])],
        [constant("weights", weights), constant("bias", bias)],
    )


def style(path):
    shape = ["rows", 3, "height", "width"]
    write(
        path,
        [helper.make_node("Sub", ["one", "image"], ["inverted"])],
        [value("image", shape)],
        [value("inverted", shape)],
        [constant("one", np.float32(1))],
    )


def picture():
    image = Image.new("RGB", (64, 48), (40, 40, 40))
    draw = ImageDraw.Draw(image)
    draw.rectangle((5, 8, 30, 27), fill=(230, 20, 10))
    draw.ellipse((36, 20, 60, 44), fill=(20, 30, 240))
    draw.rectangle((40, 4, 52, 12), fill=(0, 200, 0))
    return image


def found(image):
    pixels = np.asarray(image).astype(np.float32) / 255
    answer = []
    for label, channel, low in ((1, 0, 0.5), (2, 2, 0.6), (3, 1, 0.0)):
        others = [c for c in range(3) if c != channel]
        y, x = np.nonzero((pixels[..., channel] > 0.5) & (pixels[..., others] <= 0.5).all(axis=-1))
        score = len(x) / (pixels.shape[0] * pixels.shape[1]) + low
        if score >= 0.5:
            box = [float(v) for v in (x.min(), y.min(), x.max() + 1, y.max() + 1)]
            answer.append({"label": label, "box": box, "score": score})
    return answer


def segmented(image):
    width, height = image.size
    scale = RESIZE / min(width, height)
    image = image.resize((int(width * scale), int(height * scale)), Image.Resampling.BILINEAR)
    left, top = round((image.width - SIZE) / 2), round((image.height - SIZE) / 2)
    red = np.asarray(image.crop((left, top, left + SIZE, top + SIZE))).astype(np.float64)[..., 0] / 255
    score = 20 * (red - 0.5)
    classes = (score > 0).astype(np.uint8)
    return classes, 1 / (1 + np.exp(-np.abs(score)))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    detector(folder / "detector.onnx")
    segmenter(folder / "segmenter.onnx")
    style(folder / "style.onnx")
    image = picture()
    image.save(folder / "things.png", optimize=True)
    image = Image.open(io.BytesIO((folder / "things.png").read_bytes())).convert("RGB")
    classes, probabilities = segmented(image)
    reference = {
        "detections": found(image),
        "segments": {
            "size": SIZE,
            "resizeTo": RESIZE,
            "classes": ["".join(map(str, line)) for line in classes],
            "probabilities": [[round(float(p), 6) for p in line] for line in probabilities],
        },
    }
    text = json.dumps(reference, indent=1)
    (folder / "reference.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
