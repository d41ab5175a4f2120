# SPDX-License-Identifier: Apache-2.0
"""Turns what a handler returns into the bytes of a reply.

Source: torchserve.md 7.5. Two things are Sluice's own: a PredictionException among the results answers its request
alone (header ``sluice_item_error``), and tensors answer requests that came with tensors.
"""

import io
import json
import logging
import struct
import sys

from sluice_worker import tensors
from sluice_worker.wire import INT, string
from ts.utils.util import PredictionException

logger = logging.getLogger(__name__)

ITEM_ERROR = "sluice_item_error"
STREAM_NEXT = "ts_stream_next"
UNSUPPORTED = "Unsupported model output data type."

_END = b"\xff\xff\xff\xff"
_EMPTY = INT.pack(0)
_HEAD = struct.Struct("!ii")
# No content type, a status, no phrase, no headers, the length of the body.
_PLAIN = struct.Struct("!iiiii")
_SUCCESS = INT.pack(200) + string("Prediction success")
_SCALARS = frozenset((str, int, float, bool, type(None)))


class Unsupported(Exception):
    """A result that cannot be sent."""


def failure(ids, message, code):
    """The reply that fails all requests of a batch; code and message are in each prediction too."""
    chunks = [INT.pack(code), string(message)]
    for request_id in ids.values():
        chunks += (string(request_id), _PLAIN.pack(0, code, 0, 0, 5), b"error")
    chunks.append(_END)
    return chunks


def success(results, ids, context, message="Prediction success", code=200, streams=False):
    """The reply with a result for each request; one that cannot be sent fails all."""
    head = _SUCCESS if code == 200 and message == "Prediction success" else INT.pack(code) + string(message)
    chunks = [head]
    try:
        for index, request_id in ids.items():
            _prediction(chunks, index, request_id, results[index], context, streams)
    except Exception as error:  # whatever a handler's objects throw when looked at
        logger.warning("a result of type %s cannot be sent: %s", _type_name(results, ids), error)
        return failure(ids, UNSUPPORTED, 503)
    chunks.append(_END)
    return chunks


def _type_name(results, ids):
    return ", ".join(sorted({type(results[index]).__name__ for index in ids if index < len(results)}))


def _prediction(chunks, index, request_id, result, context, streams):
    processor = context.request_processor[index]
    if isinstance(result, PredictionException):
        _item_error(processor, result)
        body = str(result.message).encode("utf-8", "backslashreplace")
    else:
        _mark_stream(processor, index, result, context, streams)
        body = _body(processor, result)
    identity = request_id.encode()
    headers = processor.get_response_headers()
    status = processor.get_response_status_code()
    phrase = processor.get_response_status_phrase()
    chunks += (INT.pack(len(identity)), identity)
    if not headers and not phrase:
        chunks.append(_PLAIN.pack(0, 200 if status is None else int(status), 0, 0, _size(body)))
    else:
        chunks.append(string(headers.get("content-type") or b""))
        chunks.append(INT.pack(200 if status is None else int(status)))
        chunks.append(string(phrase or b""))
        chunks.append(INT.pack(len(headers)))
        for name, value in headers.items():
            chunks += (string(name), string(value))
        chunks.append(INT.pack(_size(body)))
    if isinstance(body, list):
        chunks += body
    else:
        chunks.append(body)


def _size(body):
    return sum(map(len, body)) if isinstance(body, list) else len(body)


def _item_error(processor, error):
    processor.report_status(status_of(error))
    processor.add_response_property(ITEM_ERROR, "true")
    if STREAM_NEXT in processor.get_response_headers():
        processor.add_response_property(STREAM_NEXT, "false")


def status_of(error):
    """The status that a PredictionException asks for; 500 if that is no number."""
    try:
        return int(error.error_code)
    except (TypeError, ValueError):
        return 500


def _mark_stream(processor, index, result, context, streams):
    if streams:
        processor.add_response_property(STREAM_NEXT, "true")
    elif context.stopping_criteria:
        stops = context.stopping_criteria[index](result)
        if stops is not None:
            processor.add_response_property(STREAM_NEXT, "false" if stops else "true")
    elif processor.get_response_headers().get(STREAM_NEXT) == "true":
        processor.add_response_property(STREAM_NEXT, "false")


def _body(processor, result):
    kind = type(result)
    if kind is bytes or kind is bytearray:
        return result
    if kind is str:
        return result.encode("utf-8", "surrogatepass")
    if processor.came_with_tensors:
        body = tensors.answer(result)
        if body is not None:
            processor.add_response_property("content-type", tensors.ANSWER_TYPE)
            return body
    if isinstance(result, (bytes, bytearray)):
        return bytes(result)
    if isinstance(result, str):
        return str(result).encode("utf-8", "surrogatepass")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(result, getattr(torch, "Tensor", ())):
        saved = io.BytesIO()
        torch.save(result, saved)
        return saved.getvalue()
    return json_text(result).encode("utf-8", "surrogatepass")


def json_text(value):
    """The same text as json.dumps with an indent of 2, by the fast encoder where the values allow."""
    kind = type(value)
    if kind is dict or kind is list:
        return _indented(value, kind, "\n", 0)
    return json.dumps(value, indent=2)


def _indented(value, kind, newline, depth):
    if not value:
        return "{}" if kind is dict else "[]"
    if depth > 100:
        raise Unsupported("results are nested deeper than 100 levels, or contain themselves")
    inner = newline + "  "
    items = value.values() if kind is dict else value
    kinds = set(map(type, items))
    if kinds <= _SCALARS:
        # All in one call: the separator brings the line break and the indentation.
        text = json.dumps(value, separators=("," + inner, ": "))
        return text[0] + inner + text[1:-1] + newline + text[-1]
    if kind is list:
        return "[" + inner + ("," + inner).join([_element(item, inner, depth) for item in value]) + newline + "]"
    rows = [_key(key) + ": " + _element(item, inner, depth) for key, item in value.items()]
    return "{" + inner + ("," + inner).join(rows) + newline + "}"


def _element(item, newline, depth):
    kind = type(item)
    if kind is dict or kind is list:
        return _indented(item, kind, newline, depth + 1)
    if kind in _SCALARS:
        return json.dumps(item)
    return json.dumps(item, indent=2).replace("\n", newline)


def _key(key):
    return json.dumps(key) if type(key) is str else json.dumps({key: 0})[1:-4]
