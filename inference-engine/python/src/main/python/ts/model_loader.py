# SPDX-License-Identifier: Apache-2.0
"""Finds the handler of a model and makes it ready.

Source: torchserve.md 7.6.
"""

import abc
import importlib
import json
import os
import uuid
from typing import Optional

from ts.service import Service
from ts.utils.util import list_classes_from_module


class ModelLoaderFactory:
    """Knows the one loader there is."""

    @staticmethod
    def get_model_loader():
        """A loader."""
        return TsModelLoader()


class ModelLoader(metaclass=abc.ABCMeta):
    """Makes a service of a model's files."""

    @abc.abstractmethod
    def load(
        self,
        model_name: str,
        model_dir: str,
        handler: Optional[str] = None,
        gpu_id: Optional[int] = None,
        batch_size: Optional[int] = None,
        envelope: Optional[str] = None,
        limit_max_image_pixels: Optional[bool] = True,
    ):
        """The service; whatever the handler raises, if it cannot be loaded."""


class TsModelLoader(ModelLoader):
    """Loads a function, a class with ``initialize`` and ``handle``, or a handler that comes with the server."""

    def load(
        self,
        model_name: str,
        model_dir: str,
        handler: Optional[str] = None,
        gpu_id: Optional[int] = None,
        batch_size: Optional[int] = None,
        envelope: Optional[str] = None,
        limit_max_image_pixels: Optional[bool] = True,
        metrics_cache=None,
    ) -> Service:
        """The service, its handler initialized."""
        if metrics_cache is not None:
            # Numbers reported while loading belong to no request.
            metrics_cache.set_request_ids(str(uuid.uuid4()))
        manifest = _manifest(model_dir)
        module, function_name = self._module(handler)
        if hasattr(module, function_name):
            entry_point, initialize = self._get_function_entry_point(module, function_name)
        else:
            entry_point, initialize = self._class_entry_point(module, function_name)
        if envelope is not None:
            entry_point = self._load_default_envelope(envelope)(entry_point).handle
        service = Service(
            model_name, model_dir, manifest, entry_point, gpu_id, batch_size, limit_max_image_pixels, metrics_cache
        )
        initialize(service.context)
        return service

    def _module(self, handler):
        if not handler:
            raise ValueError("the model names no handler (expected: file.py, file:function or a built-in name)")
        try:
            module, function_name = self._load_handler_file(handler)
        except ImportError as error:
            module, function_name = self._built_in(handler, error), None
        return module, function_name or "handle"

    def _built_in(self, handler, error):
        """The module of a built-in handler; the first error if the name is none, for that one tells the author more."""
        try:
            return self._load_default_handler(handler)
        except ImportError as second:
            if getattr(second, "name", None) in ("ts.torch_handler", f"ts.torch_handler.{handler}") or ":" in handler:
                raise error from None
            if isinstance(second, ModuleNotFoundError) and handler.endswith(".py"):
                raise error from None
            raise

    def _load_handler_file(self, handler):
        path, _, function_name = handler.partition(":")
        module_name = os.path.basename(path)
        if module_name.endswith(".py"):
            module_name = module_name[:-3]
        return importlib.import_module(module_name), function_name or None

    def _load_default_handler(self, handler):
        return importlib.import_module(f".{handler}", "ts.torch_handler")

    def _load_default_envelope(self, envelope):
        module = importlib.import_module(f".{envelope}", "ts.torch_handler.request_envelope")
        return list_classes_from_module(module)[0]

    def _get_function_entry_point(self, module, function_name):
        entry_point = getattr(module, function_name)
        return entry_point, lambda context: entry_point(None, context)

    def _class_entry_point(self, module, function_name):
        try:
            return self._get_class_entry_point(module)
        except ValueError as error:
            raise ValueError(f"{error}; and it has no function {function_name}") from None

    def _get_class_entry_point(self, module):
        classes = list_classes_from_module(module)
        if len(classes) != 1:
            names = ", ".join(found.__name__ for found in classes) or "none"
            raise ValueError(
                "Expected only one class in custom service code or a function entry point; "
                f"classes of {module.__name__}: {names}"
            )
        service = classes[0]()
        if not hasattr(service, "handle"):
            raise ValueError(f"Expect handle method in class {classes[0].__name__}")
        return service.handle, service.initialize


def _manifest(model_dir):
    path = os.path.join(model_dir, "MAR-INF", "MANIFEST.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)
