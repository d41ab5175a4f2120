# SPDX-License-Identifier: Apache-2.0
"""Labels, classes of a module, model settings, and the exception that carries a status to the client.

Source: torchserve.md 7.6, 8.3.
"""

import enum
import functools
import inspect
import json
import logging
import os
import re
import warnings

logger = logging.getLogger(__name__)

CLEANUP_REGEX = re.compile("<.*?>|&([a-z0-9]+|#[0-9]{1,6}|#x[0-9a-f]{1,6});")


class PT2Backend(str, enum.Enum):
    """Names that check_valid_pt2_backend knows."""

    EAGER = "eager"
    AOT_EAGER = "aot_eager"
    INDUCTOR = "inductor"
    NVFUSER = "nvfuser"
    AOT_NVFUSER = "aot_nvfuser"
    AOT_CUDAGRAPHS = "aot_cudagraphs"
    OFI = "ofi"
    FX2TRT = "fx2trt"
    ONNXRT = "onnxrt"
    IPEX = "ipex"
    TORCHXLA_TRACE_ONCE = "torchxla_trace_once"
    OPENVINO = "openvino"
    TENSORRT = "tensorrt"
    HPU_BACKEND = "hpu_backend"


class PredictionException(Exception):
    """Answers with a message and a status of the handler's choice.

    Raised, it answers the whole batch. As an element of the returned list it answers that request alone.
    """

    def __init__(self, message, error_code=500):
        super().__init__(message)
        self.message = message
        self.error_code = error_code

    def __str__(self):
        return f"{self.message} : {self.error_code}"


def list_classes_from_module(module, parent_class=None):
    """The classes that a module defines itself (not those it imports), by name."""
    own = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]
    return own if parent_class is None else [c for c in own if issubclass(c, parent_class)]


def check_valid_pt2_backend(backend: str) -> bool:
    """Whether a compiler backend is a known one; a warning says so if not."""
    known = backend in {member.value for member in PT2Backend}
    if not known:
        logger.warning("%s is not a supported backend", backend)
    return known


def load_label_mapping(mapping_file_path):
    """Reads index_to_name.json in any of its three forms; None if there is no such file."""
    if not os.path.isfile(mapping_file_path):
        logger.warning("%r is missing. Inference output will not include class name.", mapping_file_path)
        return None
    with open(mapping_file_path, encoding="utf-8") as file:
        mapping = json.load(file)
    if not isinstance(mapping, dict):
        raise Exception(f"labels are a {type(mapping).__name__} (expected: an object of number and name)")
    names = mapping.get("object_type_names")
    if isinstance(names, list):
        return {str(number): name for number, name in enumerate(names)}
    return {number: _label(number, label) for number, label in mapping.items()}


def _label(number, label):
    name = label[-1] if isinstance(label, list) and label else label
    if not isinstance(name, str):
        raise Exception(f"label of {number} is {label!r} (expected: a string or a list of strings)")
    return name


def map_class_to_label(probs, mapping=None, lbl_classes=None):
    """Turns rows of probabilities into dicts of label and probability, in the order of the row."""
    if not isinstance(probs, list):
        raise Exception(f"probs is a {type(probs).__name__} (expected: a list; use tolist())")
    if mapping is not None and not isinstance(mapping, dict):
        raise Exception(f"mapping is a {type(mapping).__name__} (expected: a dict)")
    results = []
    for row, probabilities in enumerate(probs):
        classes = range(len(probs[0])) if lbl_classes is None else lbl_classes[row]
        labels = (str(number) if mapping is None else mapping[str(number)] for number in classes)
        results.append(dict(zip(labels, probabilities)))
    return results


def get_yaml_config(yaml_file_path):
    """A YAML file as Python values: by PyYAML if it can be imported, else by a small reader of our own."""
    with open(yaml_file_path, encoding="utf-8") as file:
        text = file.read()
    try:
        import yaml
    except ImportError:
        from sluice_worker import plain_yaml

        return plain_yaml.read(text)
    return yaml.safe_load(text)


def deprecated(version, replacement="", klass=PendingDeprecationWarning):
    """Decorates a function that has moved: calling it warns of that."""

    def decorate(function):
        @functools.wraps(function)
        def moved(*args, **kwargs):
            message = f"{function.__name__} is deprecated in {version} and moved to {replacement}"
            warnings.warn(message, klass, stacklevel=2)
            return function(*args, **kwargs)

        return moved

    return decorate
