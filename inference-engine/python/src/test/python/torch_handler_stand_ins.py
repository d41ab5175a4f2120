# SPDX-License-Identifier: Apache-2.0
"""What stands in for torch, a context and a model's folder where the logic under test is the handlers' own."""

import contextlib
import logging
import sys
import types
from pathlib import Path
from unittest import mock

SOURCES = str(Path(__file__).resolve().parents[2] / "main" / "python")
if SOURCES not in sys.path:
    sys.path.insert(0, SOURCES)

# Else warnings that no test looks at go to stderr.
logging.getLogger("ts").addHandler(logging.NullHandler())

# Packages no test of these may need: importing one fails as if it were not installed.
ABSENT = ("torch", "torchvision", "captum", "PIL", "numpy", "onnxruntime", "transformers", "torch_xla", "deepspeed")


def without_packages(**present):
    """Only the given packages can be imported, as the modules given for them."""
    modules = {name: None for name in ABSENT}
    modules.update(present)
    return mock.patch.dict(sys.modules, modules)


class Metrics:
    """Remembers the times that were reported."""

    def __init__(self):
        self.times = []

    def add_time(self, name, value, idx=None, unit="ms"):
        self.times.append((name, value, idx, unit))


class Context:
    """What a handler is told, with the same headers for every request."""

    def __init__(self, folder="/nowhere", model=None, config=None, gpu=None, **headers):
        self.manifest = {"model": {"modelName": "m", "modelVersion": "2.0", **(model or {})}}
        self.system_properties = {"model_dir": str(folder), "gpu_id": gpu, "limit_max_image_pixels": True}
        self.model_yaml_config = config
        self.metrics = Metrics()
        self.headers = headers

    def get_request_header(self, idx, key):
        return self.headers.get(key)

    def get_request_id(self, idx=0):
        return f"id-{idx}"


class Numbers:
    """A tensor as far as the default steps go."""

    def __init__(self, values):
        self.values = values
        self.device = None

    def to(self, device):
        self.device = device
        return self

    def tolist(self):
        return self.values


class Net:
    """A model that writes down what is done to it."""

    def __init__(self, journal):
        self.journal = journal

    def load_state_dict(self, state):
        self.journal.append(("weights", state))

    def to(self, device):
        self.journal.append(("to", device))

    def eval(self):
        self.journal.append(("eval",))

    def __call__(self, data):
        return Numbers([2 * value for value in data.values])


def torch_stand_in(cards=(), xpu=False, mps=False):
    """A module with what BaseHandler asks of torch; ``journal`` says in which order."""
    torch = types.ModuleType("torch")
    torch.journal = []
    torch.device = lambda name: f"<{name}>"
    torch.cuda = types.SimpleNamespace(
        is_available=lambda: bool(cards),
        get_device_capability=lambda device: (8, 0),
        set_device=lambda device: torch.journal.append(("card", device)),
    )
    torch.xpu = types.SimpleNamespace(is_available=lambda: xpu)
    torch.backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: mps))
    torch.set_float32_matmul_precision = lambda name: torch.journal.append(("precision", name))
    torch.load = lambda path, map_location: {"from": Path(path).name, "on": map_location}
    torch.jit = types.SimpleNamespace(load=lambda path, map_location: Net(torch.journal))
    torch.inference_mode = contextlib.nullcontext
    torch.as_tensor = lambda data, device: Numbers(list(data)).to(device)
    torch.compile = lambda model, **options: ("compiled", options)
    return torch
