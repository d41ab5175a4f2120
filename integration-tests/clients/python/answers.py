# SPDX-License-Identifier: Apache-2.0
"""Ask every handler and envelope the same, and print what they say as JSON: the handlers `ts` that Python finds first.

Usage: answers.py MODELS_FOLDER [plain]

With `plain`, torchvision and captum are missing, as far as the handlers can tell. A result that a handler refused is
the name of its exception.
"""

from __future__ import annotations

import base64
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy
import torch
from torch import nn

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

CLASSIFIER = """
import torch
class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = torch.nn.AdaptiveAvgPool2d(4)
        self.line = torch.nn.Linear(48, 10)
    def forward(self, image):
        return self.line(self.pool(image).flatten(1))
"""
DETECTOR = """
import torch
class Detector(torch.nn.Module):
    def forward(self, images):
        found = []
        for image in images:
            mean = image.mean()
            scores = torch.stack([mean, 1 - mean, mean * 0 + 0.6])
            found.append({"boxes": torch.arange(12.0).reshape(3, 4) * mean, "labels": torch.tensor([0, 1, 2]),
                          "scores": scores})
        return found
"""
TEXT = """
import torch
class TextNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.EmbeddingBag(64, 8)
        self.line = torch.nn.Linear(8, 3)
    def forward(self, text, offsets):
        return self.line(self.embedding(text, offsets))
"""
WORDS = "the cat is not here but they have it and i would go it is cafe".split()
TEXTS = [b"<p>The CAT isn't here</p>", "But they've it, and I'd go &amp; it's café!".encode()]


class Segmenter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": self.conv(nn.functional.avg_pool2d(image, 56))}


class NoPictures(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """matplotlib, which captum imports for pictures nobody asks for here."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.split(".")[0] in ("matplotlib", "mpl_toolkits"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        module = mock.MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module: Any) -> None:
        pass


class Metrics:
    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: None


class Scene:
    """A folder with a model, and a handler that loaded it."""

    def __init__(self, handler: str, kind: str, *, code: str = "", model: nn.Module | None = None, labels: Any = None,
                 vocabulary: Any = None) -> None:  # fmt: skip
        from ts.context import Context

        folder = Path(tempfile.mkdtemp())
        name = f"net_{os.path.basename(folder)}"
        files = {"modelName": "scene", "modelVersion": "1.0", "serializedFile": "model.pt"}
        if code:
            (folder / f"{name}.py").write_text(code)
            sys.path.insert(0, str(folder))
            files["modelFile"] = f"{name}.py"
            torch.manual_seed(7)
            module = importlib.import_module(name)
            (made,) = (each for each in vars(module).values() if isinstance(each, type))
            torch.save(made().state_dict(), folder / "model.pt")
        elif model is not None:
            torch.jit.script(model).save(str(folder / "model.pt"))
        if labels is not None:
            (folder / "index_to_name.json").write_text(json.dumps(labels))
        if vocabulary is not None:
            torch.save(vocabulary, folder / "source_vocab.pt")
        self.context = Context("scene", str(folder), {"model": files}, 4, None, "1", metrics=Metrics(),
                               model_yaml_config={})  # fmt: skip
        self.handler = getattr(importlib.import_module(f"ts.torch_handler.{handler}"), kind)()
        self.handler.initialize(self.context)

    def ask(self, rows: list[Any], entry: Any = None, **headers: str) -> Any:
        from ts.context import RequestProcessor

        self.context.request_processor = [RequestProcessor(headers) for _ in rows]
        self.context.request_ids = {number: f"id-{number}" for number in range(len(rows))}
        return (entry or self.handler.handle)(rows, self.context)


def linear() -> nn.Module:
    torch.manual_seed(3)
    return nn.Linear(3, 2)


def envelope(name: str, kind: str, scene: Scene) -> Any:
    return getattr(importlib.import_module(f"ts.torch_handler.request_envelope.{name}"), kind)(scene.handler.handle).handle


def images(models: Path) -> list[bytes]:
    folder = models / "digits" / "samples" / "photos"
    return [path.read_bytes() for path in sorted(folder.glob("*.png"))]


def of_images(models: Path) -> dict[str, Any]:
    photos = images(models)
    labels = {str(number): ["n", f"thing {number}"] for number in range(10)}
    classifier = Scene("image_classifier", "ImageClassifier", code=CLASSIFIER, labels=labels)
    torch.manual_seed(5)
    segmenter = Scene("image_segmenter", "ImageSegmenter", model=Segmenter())
    detector = Scene("object_detector", "ObjectDetector", code=DETECTOR, labels={"object_type_names": ["a", "b", "c"]})
    ready = torch.rand(3, 6, 6, generator=torch.Generator().manual_seed(1)).tolist()
    small = Scene("image_classifier", "ImageClassifier", code=CLASSIFIER)
    return {
        "classifier": classifier.ask([{"data": photo} for photo in photos]),
        "classifier, base64": classifier.ask([{"body": base64.b64encode(photos[0]).decode()}]),
        "classifier, numbers": small.ask([{"data": ready}]),
        "classifier, explained": small.ask([{"data": ready, "target": 2}, {"data": ready}], explain="True"),
        "classifier, explained photo": sums(classifier.ask([{"data": photos[0]}], explain="True")),
        "segmenter": segmenter.ask([{"data": photo} for photo in photos]),
        "detector": [detector.ask([{"data": photo}]) for photo in photos],
    }


def sums(nested: Any) -> list[float]:
    """A summary of what is long."""
    flat = torch.tensor(nested)
    return [flat.sum().item(), flat.abs().sum().item(), flat.abs().max().item()]


def of_text(plain: bool) -> dict[str, Any]:
    from ts.handler_utils.text_utils import ngrams_iterator

    words = dict.fromkeys([*WORDS, *ngrams_iterator(WORDS, 2)])

    class Vocabulary(dict):
        def __missing__(self, key: str) -> int:
            return 0

    text = Scene("text_classifier", "TextClassifier", code=TEXT, labels={"0": "x", "1": "y", "2": "z"},
                 vocabulary={word: number % 64 for number, word in enumerate(words)})  # fmt: skip
    text.handler.source_vocab = Vocabulary(text.handler.source_vocab)
    answers = {"text": [text.ask([{"data": each}]) for each in TEXTS]}
    if not plain:
        answers["text, explained"] = [text.ask([{"data": each, "target": 1}], explain="True") for each in TEXTS]
    return answers


def of_numbers() -> dict[str, Any]:
    base = Scene("base_handler", "BaseHandler", model=linear())
    rows = [[1.0, 2.0, 3.0], [0.5, 0.0, -1.0]]
    saved = io.BytesIO()
    torch.save(torch.tensor(rows[0]), saved)
    dense = Scene("densenet_handler", "DenseNetHandler", model=linear())
    micro = importlib.import_module("ts.handler_utils.micro_batching").MicroBatching(base.handler, 1)
    v2 = {"id": "mine", "inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": rows[0]}]}
    base_v2 = Scene("base_handler", "BaseHandler", model=linear())
    base_v2.handler.preprocess = lambda data: torch.tensor([each["data"] for each in data])
    instances = [{"body": {"instances": rows}}, {"body": {"instances": rows[:1]}}]
    answers = {
        "base": base.ask(rows),
        "micro batches": base.ask(rows, micro),
        "dense": [each.tolist() for each in dense.ask([{"data": saved.getvalue()}])],
        "body": base.ask([{"data": rows[0]}, {"body": rows[1]}], envelope("body", "BodyEnvelope", base)),
        "json": base.ask(instances, envelope("json", "JSONEnvelope", base)),
        "kserve": base.ask(instances[:1], envelope("kserve", "KServeEnvelope", base)),
        "kservev2": base.ask([{"body": json.dumps(v2).encode()}], envelope("kservev2", "KServev2Envelope", base_v2)),
    }
    micro.shutdown()
    return answers


def only_ours() -> dict[str, Any]:
    """Tensors as inputs, and batches of envelopes: what the original has no answer to."""
    base = Scene("base_handler", "BaseHandler", model=linear())
    rows = numpy.array([[1, 2, 3], [0.5, 0, -1]], dtype=numpy.float32)
    rows.flags.writeable = False
    passed = base.ask([{"x": rows}, {"x": rows[:1]}])
    viewed = base.ask([{"x": memoryview(rows.tobytes()).cast("B").cast("f", (2, 3))}])
    jsons = base.ask([{"x": rows}, {"x": rows[:1]}], envelope("json", "JSONEnvelope", base))
    base.handler.preprocess = lambda data: torch.tensor([each["data"] for each in data])
    v2 = envelope("kservev2", "KServev2Envelope", base)
    asked = [{"body": {"inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": row.tolist()}]}}
             for row in rows]  # fmt: skip
    broken = [asked[0], {"body": {"inputs": [{"name": "x", "datatype": "FP32", "shape": [4], "data": [1]}]}}, asked[1]]
    mixed = base.ask([{"x": rows[0]}, asked[1]], v2)
    return {
        "tensors": [{name: value.tolist() for name, value in each.items()} for each in passed],
        "views": [{name: value.tolist() for name, value in each.items()} for each in viewed],
        "json of tensors": [each.tolist() for each in jsons],
        "kservev2, two requests": [each["outputs"] for each in base.ask(asked, v2)],
        "kservev2, ids": [each["id"] for each in base.ask(asked, v2)],
        "kservev2, one broken": [getattr(each, "message", "fine") for each in base.ask(broken, v2)],
        "kservev2 of tensors": [mixed[0]["x"].tolist(), mixed[1]["outputs"][0]["data"]],
    }


def main() -> None:
    plain = "plain" in sys.argv[2:]
    if plain:
        sys.modules.update({"torchvision": None, "captum": None})
    sys.meta_path.append(NoPictures())
    answers = {**of_images(Path(sys.argv[1])), **of_text(plain), **of_numbers()}
    if hasattr(importlib.import_module("ts.torch_handler"), "extend_path"):  # ours: it goes on in the original's folder
        answers["only ours"] = only_ours()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
