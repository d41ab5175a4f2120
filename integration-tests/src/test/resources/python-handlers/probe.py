# SPDX-License-Identifier: Apache-2.0
"""Answers what reached it. A request with a header or an input "python" brings a function's body instead: that is run
and what it returns is the answer."""

import os
import sys
import textwrap
import time

from ts.utils.util import PredictionException


class Whole(Exception):
    """Raised by a request to say what the handler returns for the whole batch."""


def handle(data, context):
    if data is None:
        return None
    if context.get_request_header(0, "describe") == "True":
        return [{"described": context.model_name}]
    try:
        return [answer(data, context, index, row) for index, row in enumerate(data)]
    except Whole as whole:
        return whole.args[0]


def answer(data, context, index, row):
    source = row.get("python")
    if source is None and context.get_request_header(index, "python"):
        source = row.get("body")
    if source is None:
        return seen(data, context, index, row)
    scope = {
        "context": context,
        "data": data,
        "index": index,
        "os": os,
        "row": row,
        "sys": sys,
        "time": time,
        "PredictionException": PredictionException,
        "Whole": Whole,
    }
    exec("def body():\n" + textwrap.indent(text(source), "    "), scope)
    return scope["body"]()


def text(value):
    return value if isinstance(value, str) else bytes(value).decode()


def told(value):
    return value if isinstance(value, (str, int, float, list, dict)) else bytes(value).decode("latin-1")


def seen(data, context, index, row):
    return {
        "batch": len(data),
        "headers": context.get_all_request_header(index),
        "id": context.get_request_id(index),
        "inputs": {name: {"type": type(value).__name__, "value": told(value)} for name, value in row.items()},
        "model": context.model_name,
        "pid": os.getpid(),
    }
