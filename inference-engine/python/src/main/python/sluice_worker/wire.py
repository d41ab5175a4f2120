# SPDX-License-Identifier: Apache-2.0
"""The bytes between server and worker.

Integers are four bytes, big-endian and signed; strings are a length and UTF-8. Source: torchserve.md 7.3 to 7.5.
"""

import json
import logging
import os
import struct

logger = logging.getLogger(__name__)

LOAD = 0x4C
PREDICT = 0x49

INT = struct.Struct("!i")
_unpack = INT.unpack_from
_BUFFER = 65536
# A value of this size is read to where it stays, past the buffer.
_LARGE = 16384


class Disconnected(Exception):
    """The server has closed the connection: the worker is to end."""


class WireError(Exception):
    """The bytes are no message."""


class Load:
    """What the server says about the model: the fields of LOAD in their order."""

    def __init__(self, model_name, model_path, batch_size, handler, gpu_id, envelope, limit_max_image_pixels):
        self.model_name = model_name
        self.model_path = model_path
        self.batch_size = batch_size
        self.handler = handler
        self.gpu_id = gpu_id  # None: CPU
        self.envelope = envelope  # None: none
        self.limit_max_image_pixels = limit_max_image_pixels


class Reader:
    """Reads messages from a socket into one buffer that is used again and again.

    Threads: belongs to the thread that reads. Values are the caller's own, never views of the buffer.
    """

    def __init__(self, connection, decodes=None, tensors=None):
        self._recv_into = connection.recv_into
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._pos = 0
        self._end = 0
        self._decodes = decodes_input() if decodes is None else decodes
        self._tensors = tensors
        # The headers of the last request, as bytes and as a dict: clients send the same ones again and again.
        self._known_block = b"\xff\xff\xff\xff"
        self._known_headers = {}
        # Likewise name and type of the last part.
        self._known_part = string("body") + string("")
        self._known_name, self._known_kind = "body", ""
        self._known_decodes = False
        # Counts how often bytes moved within the buffer, so that positions in it are known to be stale.
        self._moves = 0

    def command(self):
        """The first byte of the next message; waits for it."""
        if self._pos == self._end:
            self._pos = self._end = 0
        pos, _, buffer = self._fill(self._pos, 1)
        self._pos = pos + 1
        return buffer[pos]

    def load(self):
        """The rest of a LOAD message."""
        name = self._string()
        path = self._string()
        batch_size = self._int()
        handler = self._string()
        gpu_id = self._int()
        envelope = self._string()
        pos, _, buffer = self._fill(self._pos, 1)
        self._pos = pos + 1
        return Load(name, path, batch_size, handler, gpu_id if gpu_id >= 0 else None, envelope or None, buffer[pos] != 0)

    def requests(self, processor):
        """The rest of a PREDICT message: ids by index, a processor for the headers of each request, and the inputs."""
        ids, processors, inputs = {}, [], []
        while True:
            pos, end, buffer = self._pos, self._end, self._buffer
            if end - pos < 4:
                pos, end, buffer = self._fill(pos, 4)
            length = _unpack(buffer, pos)[0]
            self._pos = pos + 4
            if length == -1:
                return ids, processors, inputs
            ids[len(inputs)] = self._text(length)
            headers = self._headers()
            values, types = self._parts()
            came_with_tensors = False
            if types:
                if self._tensors is not None:
                    came_with_tensors = self._tensors.replace(values, types)
                known = {name: {"content-type": kind} for name, kind in types.items()}
                known.update(headers)
                headers = known
            else:
                headers = dict(headers)
            told = processor(headers)
            if came_with_tensors:
                told.came_with_tensors = True
            processors.append(told)
            inputs.append(values)

    def _headers(self):
        block = self._known_block
        start = self._pos
        if start + len(block) <= self._end and self._buffer.startswith(block, start):
            self._pos = start + len(block)
            return self._known_headers
        headers = {}
        buffer = self._buffer
        moves = self._moves
        while True:
            length = self._int()
            if length == -1:
                break
            name = self._text(length)
            headers[name] = self._string()
        if moves == self._moves and len(headers) < 100:
            self._known_block = bytes(buffer[start : self._pos])
            self._known_headers = headers
        return headers

    def _parts(self):
        values, types = {}, {}
        known = self._known_part
        while True:
            pos, end, buffer = self._pos, self._end, self._buffer
            if pos + len(known) <= end and buffer.startswith(known, pos):
                self._pos = pos + len(known)
                name, kind, decodes = self._known_name, self._known_kind, self._known_decodes
            else:
                length = self._int()
                if length == -1:
                    return values, types
                moves = self._moves
                name = self._text(length)
                kind = self._string()
                decodes = self._decodes and is_decoded(kind)
                if moves == self._moves and self._pos - pos < 256 and end - pos >= 4:
                    self._known_part = known = bytes(self._buffer[pos : self._pos])
                    self._known_name, self._known_kind, self._known_decodes = name, kind, decodes
            value = self._bytes(self._int())
            values[name] = decode(value, kind) if decodes else value
            types[name] = kind

    def _int(self):
        pos, end, buffer = self._pos, self._end, self._buffer
        if end - pos < 4:
            pos, end, buffer = self._fill(pos, 4)
        self._pos = pos + 4
        return _unpack(buffer, pos)[0]

    def _string(self):
        return self._text(self._int())

    def _text(self, length):
        pos, end, buffer = self._pos, self._end, self._buffer
        if length < 0:
            raise WireError(f"length of a string: {length} (expected: 0 or more)")
        if end - pos < length:
            pos, end, buffer = self._fill(pos, length)
        self._pos = stop = pos + length
        return buffer[pos:stop].decode()

    def _bytes(self, length):
        if length < 0:
            raise WireError(f"length of a value: {length} (expected: 0 or more)")
        pos, end = self._pos, self._end
        here = end - pos
        if here < length:
            if length > _LARGE:
                return self._large(length, here)
            pos, end, _ = self._fill(pos, length)
        self._pos = stop = pos + length
        return self._buffer[pos:stop]

    def _large(self, length, here):
        value = bytearray(length)
        value[:here] = self._view[self._pos : self._end]
        self._pos = self._end = 0
        self._moves += 1
        rest = memoryview(value)[here:]
        while rest:
            count = self._recv_into(rest)
            if count == 0:
                raise Disconnected()
            rest = rest[count:]
        return value

    def _fill(self, pos, need):
        """Receives until ``need`` bytes lie at the position; says where that is now."""
        end = self._end
        if end - pos >= need:
            return pos, end, self._buffer
        if pos + need > len(self._buffer):
            pos, end = self._make_room(pos, end, need)
        wanted = pos + need
        view = self._view
        while end < wanted:
            count = self._recv_into(view[end:])
            if count == 0:
                raise Disconnected()
            end += count
        self._end = end
        self._pos = pos
        return pos, end, self._buffer

    def _make_room(self, pos, end, need):
        self._moves += 1
        rest = bytes(self._view[pos:end])
        if need > len(self._buffer):
            self._buffer = bytearray(need + _BUFFER)
            self._view = memoryview(self._buffer)
        self._view[: len(rest)] = rest
        return 0, len(rest)


def decodes_input():
    """Whether JSON and text inputs reach handlers decoded."""
    return os.environ.get("TS_DECODE_INPUT_REQUEST", "true").lower() == "true"


def is_decoded(content_type):
    """Whether values of a type are decoded, if any are."""
    kind = _media_type(content_type)
    return kind == "application/json" or kind.startswith("text")


def decode(value, content_type):
    """JSON as Python values and text as str, by content type; what cannot be decoded stays bytes."""
    kind = _media_type(content_type)
    try:
        if kind == "application/json":
            return json.loads(value.decode())
        if kind.startswith("text"):
            return value.decode("utf-8")
    except (ValueError, RecursionError) as error:
        logger.warning("input of type %s is handed on as bytes: %s", content_type, error)
    return value


def _media_type(content_type):
    return content_type.partition(";")[0].strip().lower()


def string(text):
    """A string as it goes over the wire."""
    data = text if isinstance(text, (bytes, bytearray)) else str(text).encode("utf-8", "backslashreplace")
    return INT.pack(len(data)) + data


def load_reply(code, message):
    """The answer to LOAD."""
    return INT.pack(code) + string(message) + b"\xff\xff\xff\xff"


def send(connection, chunks):
    """Sends buffers one after the other: small ones in one piece, large ones without copying them."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
    if size <= _BUFFER:
        connection.sendall(b"".join(chunks))
    else:
        connection.send_chunks(chunks)


def read_reply(data):
    """A reply taken apart, for tests and for trying a handler: code, message, predictions as dicts, bytes used."""
    pos = 0

    def integer():
        nonlocal pos
        pos += 4
        return _unpack(data, pos - 4)[0]

    def octets():
        nonlocal pos
        length = integer()
        if length < 0 or pos + length > len(data):
            raise WireError(f"length {length} at {pos - 4} (expected: 0..{len(data) - pos})")
        pos += length
        return bytes(data[pos - length : pos])

    code, message, predictions = integer(), octets().decode(), []
    while True:
        if _unpack(data, pos)[0] == -1:
            return code, message, predictions, pos + 4
        prediction = {"id": octets().decode(), "content_type": octets().decode(), "status": integer()}
        prediction["reason"] = octets().decode()
        prediction["headers"] = {octets().decode(): octets().decode() for _ in range(integer())}
        prediction["body"] = octets()
        predictions.append(prediction)
