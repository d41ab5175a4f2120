# SPDX-License-Identifier: Apache-2.0
"""Packages that are imported when a handler first needs them.

A handler that overrides everything that computes must not pay for torch, nor need it.
"""

import importlib
import os


def have(module):
    """The module, or None where its package is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def need(module, user, package=None):
    """The module; where its package is missing, an ImportError that says who needs what."""
    root = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != root:
            raise  # the package is there, but something it needs is not
        name = package or root
        raise ImportError(
            f"{user} needs the package {name}, which the worker's Python does not have "
            f"(expected: a line {name} in the model's requirements.txt, or the package beside the interpreter)",
            name=root,
        ) from None


def take_over(namespace, user):
    """Runs the module of the same name of an installed original package in the namespace of a module of ours."""
    name = namespace["__name__"]
    parent, _, leaf = name.rpartition(".")
    own = os.path.realpath(namespace["__file__"])
    for folder in importlib.import_module(parent).__path__:
        candidate = os.path.join(folder, leaf + ".py")
        if os.path.isfile(candidate) and os.path.realpath(candidate) != own:
            with open(candidate, encoding="utf-8") as source:
                code = compile(source.read(), candidate, "exec")
            namespace["__file__"] = candidate
            exec(code, namespace)  # the package the operator installed beside the interpreter
            return
    raise ImportError(
        f"{user} is not part of Sluice: it comes from the package torchserve, which the worker's Python does not have "
        f"(expected: a line torchserve==0.12.0 in the model's requirements.txt)",
        name=name,
    )
