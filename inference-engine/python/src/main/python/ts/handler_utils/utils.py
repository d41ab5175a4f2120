# SPDX-License-Identifier: Apache-2.0
"""Classes by name, and answers in parts."""

import importlib
import os

from ts.context import Context
from ts.protocol.otf_message_handler import create_predict_response


def import_class(class_name: str, module_prefix=None):
    """The class of a dotted name, looked for below ``module_prefix`` if that is given."""
    if not class_name:
        raise ImportError(f"class name is {class_name!r} (expected: a name such as module.Class)")
    module_name, _, simple_name = class_name.rpartition(".")
    full_name = ".".join(part for part in (module_prefix, module_name) if part)
    if not full_name:
        raise ImportError(f"class name is {class_name!r} (expected: a module in front, as in module.Class)")
    found = getattr(importlib.import_module(full_name), simple_name, None)
    if found is None:
        raise ImportError(f"no class {simple_name} in module {full_name}")
    return found


def send_intermediate_predict_response(ret, req_id_map, message, code, context: Context):
    """Sends a part of the answers now; the call's result is their end.

    ``ret`` has one element per request of the batch. Only rank 0 of a model with several ranks sends anything.
    """
    if str(os.getenv("LOCAL_RANK", 0)) != "0":
        return
    context.cl_socket.sendall(create_predict_response(ret, req_id_map, message, code, context, True))
