# SPDX-License-Identifier: Apache-2.0
"""``handler: densenet_handler``: tensors as torch saves them, in and out."""

import importlib
import io
import os
import time

from ..utils.util import list_classes_from_module
from ._optional import need
from ._tensors import value_of


class DenseNetHandler:
    """Answers one saved tensor for each request with the model's tensor."""

    def __init__(self):
        self.model = None
        self.device = None
        self.initialized = False
        self.context = None
        self.manifest = None
        self.map_location = None

    def initialize(self, context):
        """Loads a state dict where the archive brings a model's code, else TorchScript."""
        torch = need("torch", "densenet_handler")
        properties = context.system_properties
        gpu = properties.get("gpu_id")
        on_card = gpu is not None and torch.cuda.is_available()
        self.map_location = "cuda" if on_card else "cpu"
        self.device = torch.device(f"cuda:{gpu}" if on_card else "cpu")
        self.manifest = context.manifest
        model = self.manifest["model"]
        folder = properties.get("model_dir")
        path = os.path.join(folder, model["serializedFile"])
        if not os.path.isfile(path):
            raise RuntimeError(f"Missing the model.pt file: {model['serializedFile']} is not in the archive")
        if model.get("modelFile"):
            self.model = self._load_pickled_model(folder, model["modelFile"], path)
        else:
            self.model = self._load_torchscript_model(path)
        self.model.to(self.device)
        self.model.eval()
        self.initialized = True

    def _load_torchscript_model(self, model_pt_path):
        return need("torch", "densenet_handler").jit.load(model_pt_path, map_location=self.map_location)

    def _load_pickled_model(self, model_dir, model_file, model_pt_path):
        if not os.path.isfile(os.path.join(model_dir, model_file)):
            raise RuntimeError(f"Missing the model.py file: {model_file} is not in the archive")
        classes = list_classes_from_module(importlib.import_module(model_file.split(".")[0]))
        if len(classes) != 1:
            raise ValueError(f"Expected only one class as model definition. {classes}")
        model = classes[0]()
        weights = need("torch", "densenet_handler").load(model_pt_path, map_location=self.map_location)
        model.load_state_dict(weights)
        return model

    def inference(self, data, *args, **kwargs):
        """What the model says to the batch."""
        with need("torch", "densenet_handler").no_grad():
            return self.model(data.to(self.device), *args, **kwargs)

    def handle(self, data, context):
        """Answers each request with its rows of the model's tensor."""
        torch = need("torch", "densenet_handler")
        start = time.time()
        self.context = context
        # Tensors only: what a client sends must not be able to run code.
        values = [torch.load(io.BytesIO(value_of(row)), weights_only=True) for row in data]
        answers = list(self.inference(torch.stack(values)).split(1))
        context.metrics.add_time("HandlerTime", round((time.time() - start) * 1000, 2), None, "ms")
        return answers
