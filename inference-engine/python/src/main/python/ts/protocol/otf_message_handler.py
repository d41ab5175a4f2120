# SPDX-License-Identifier: Apache-2.0
"""Messages between server and worker under TorchServe's names.

Source: torchserve.md 7.3 to 7.5.
"""

import logging
import os
import struct
import sys

from sluice_worker import replies, wire
from ts.context import Context, RequestProcessor
from ts.utils.util import deprecated

bool_size = 1
int_size = 4
END_OF_LIST = -1
LOAD_MSG = b"L"
PREDICT_MSG = b"I"
RESPONSE = 3


def retrieve_msg(conn):
    """Reads one message: its command, and a dict for LOAD or a list of requests for PREDICT."""
    cmd = _octets(conn, 1)
    if cmd == LOAD_MSG:
        return cmd, _load(conn)
    if cmd == PREDICT_MSG:
        return cmd, list(iter(lambda: _request(conn), None))
    raise ValueError(f"Invalid command: {bytes(cmd)!r} (expected: {LOAD_MSG!r} or {PREDICT_MSG!r})")


def encode_response_headers(resp_hdr_map):
    """Headers as they go over the wire, their number first."""
    pairs = [wire.string(name) + wire.string(value) for name, value in resp_hdr_map.items()]
    return bytearray(struct.pack("!i", len(resp_hdr_map)) + b"".join(pairs))


def create_predict_response(ret, req_id_map, message, code, context=None, ts_stream_next=False):
    """The reply to PREDICT; with no results or no context it is a failure of all requests. None on ranks but the first."""
    if str(os.getenv("LOCAL_RANK", 0)) != "0":
        return None
    if ret is None:
        return bytearray(b"".join(replies.failure(req_id_map, message, code)))
    streams = ts_stream_next is True and context is not None
    if context is None:
        context = _plain_context(len(req_id_map))
        context.set_all_response_status(code)
    return bytearray(b"".join(replies.success(ret, req_id_map, context, message, code, streams)))


def create_load_model_response(code, message):
    """The reply to LOAD."""
    return bytearray(wire.load_reply(code, message))


@deprecated(version=1.0, replacement="ts.handler_utils.utils.send_intermediate_predict_response")
def send_intermediate_predict_response(ret, req_id_map, message, code, context=None):
    """Sends a part of the answers now."""
    if str(os.getenv("LOCAL_RANK", 0)) != "0":
        return
    context.cl_socket.sendall(create_predict_response(ret, req_id_map, message, code, context, True))


def _plain_context(size):
    context = Context(None, None, None, size, None, None)
    context.request_processor = [RequestProcessor({}) for _ in range(size)]
    return context


def _octets(conn, length):
    data = bytearray()
    while len(data) < length:
        received = conn.recv(length - len(data))
        if not received:
            logging.info("Frontend disconnected.")
            sys.exit(0)
        data += received
    return data


def _int(conn):
    return struct.unpack("!i", _octets(conn, int_size))[0]


def _load(conn):
    msg = {"modelName": _octets(conn, _int(conn)), "modelPath": _octets(conn, _int(conn)), "batchSize": _int(conn)}
    msg["handler"] = _octets(conn, _int(conn))
    gpu = _int(conn)
    if gpu >= 0:
        msg["gpu"] = gpu
    msg["envelope"] = _octets(conn, _int(conn))
    msg["limitMaxImagePixels"] = _octets(conn, bool_size) != b"\0"
    return msg


def _request(conn):
    length = _int(conn)
    if length == END_OF_LIST:
        return None
    return {
        "requestId": _octets(conn, length),
        "headers": list(iter(lambda: _header(conn), None)),
        "parameters": list(iter(lambda: _part(conn), None)),
    }


def _header(conn):
    length = _int(conn)
    if length == END_OF_LIST:
        return None
    return {"name": _octets(conn, length), "value": _octets(conn, _int(conn))}


def _part(conn):
    length = _int(conn)
    if length == END_OF_LIST:
        return None
    part = {"name": _octets(conn, length).decode("utf-8"), "contentType": _octets(conn, _int(conn)).decode("utf-8")}
    value = _octets(conn, _int(conn))
    part["value"] = wire.decode(value, part["contentType"]) if wire.decodes_input() else value
    return part
