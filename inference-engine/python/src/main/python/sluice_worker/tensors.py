# SPDX-License-Identifier: Apache-2.0
"""Tensors to and from handlers: views of the bytes that came, and answers made of arrays.

A handler gets a read-only NumPy array where NumPy can be imported, else a memoryview of the right shape. The bytes lie
in the message, or in memory that is shared with the server; those are valid during the call alone.
"""

import functools
import gc
import importlib
import json
import mmap
import os
import sys

INPUT_TYPE = "application/x-sluice-tensor"
ANSWER_TYPE = "application/x-sluice-tensors"

# Datatype: NumPy's name and the format of a memoryview. BF16 is handed over as its bits.
_FORMATS = {
    "BOOL": ("bool", "?"),
    "UINT8": ("uint8", "B"),
    "UINT16": ("uint16", "H"),
    "UINT32": ("uint32", "I"),
    "UINT64": ("uint64", "Q"),
    "INT8": ("int8", "b"),
    "INT16": ("int16", "h"),
    "INT32": ("int32", "i"),
    "INT64": ("int64", "q"),
    "FP16": ("float16", "e"),
    "FP32": ("float32", "f"),
    "FP64": ("float64", "d"),
    "BF16": ("uint16", "H"),
}
_BY_NAME = {name: datatype for datatype, (name, _) in _FORMATS.items() if datatype != "BF16"}
_BY_FORMAT = {kind: datatype for datatype, (_, kind) in _FORMATS.items() if datatype != "BF16"}
_BY_FORMAT.update(l="INT64", L="UINT64", c="UINT8")
# Looking for references in cycles takes long: after so many times the lane is given up instead.
_CYCLES_FORGIVEN = 8


class TensorError(Exception):
    """A tensor part that does not say what it should."""


class TensorInputs:
    """Turns tensor parts of requests into arrays or views.

    Threads: belongs to the thread that reads messages.
    """

    def __init__(self, lane=None):
        self._lane = lane

    def replace(self, values, types):
        """Puts arrays in place of the bytes of tensor parts; says whether there were any."""
        found = False
        for name, kind in types.items():
            if kind.startswith(INPUT_TYPE):
                values[name] = self._tensor(values[name], _parameters(kind))
                found = True
        return found

    def _tensor(self, value, parameters):
        try:
            datatype = parameters["datatype"]
            shape = [int(size) for size in parameters.get("shape", "").split(",") if size]
            if "offset" in parameters:
                if self._lane is None:
                    raise TensorError("bytes lie in shared memory (expected: --shared-memory at start)")
                value = self._lane.view(int(parameters["offset"]), int(parameters["length"]))
            return view_of(value, datatype, shape)
        except (KeyError, TypeError, ValueError) as error:
            raise TensorError(f"tensor part {parameters} of {len(value)} bytes: {error}") from error


def view_of(data, datatype, shape):
    """The bytes as a read-only array of a datatype and a shape; BYTES as a list of bytes."""
    if datatype == "BYTES":
        return _elements(data)
    if datatype not in _FORMATS:
        raise TensorError(f"datatype: {datatype!r} (expected: one of {', '.join(_FORMATS)}, BYTES)")
    name, kind = _FORMATS[datatype]
    view = memoryview(data).toreadonly()
    numpy = _numpy()
    if numpy is not None:
        return numpy.frombuffer(view, dtype=numpy.dtype(name).newbyteorder("<")).reshape(shape)
    if 0 in shape:
        return view.cast("B")[:0].cast(kind)
    try:
        return view.cast(kind, shape)
    except ValueError:
        return view.cast("H", shape)  # an interpreter whose memoryview does not know half precision: the bits


def _elements(data):
    view, items, pos = memoryview(data), [], 0
    while pos < len(view):
        length = int.from_bytes(view[pos : pos + 4], "little")
        if pos + 4 + length > len(view):
            raise TensorError(f"string of {length} bytes at {pos} of {len(view)}")
        items.append(bytes(view[pos + 4 : pos + 4 + length]))
        pos += 4 + length
    return items


def _parameters(kind):
    found = {}
    for item in kind.split(";")[1:]:
        name, _, value = item.partition("=")
        found[name.strip()] = value.strip()
    return found


@functools.lru_cache(maxsize=None)
def _numpy():
    """NumPy, imported when the first tensor comes; None where it cannot be."""
    try:
        return importlib.import_module("numpy")
    except Exception:  # an installation that is broken is as good as none
        return None


class Lane:
    """Memory shared with the server, into which it puts the tensors of one call at a time.

    Ownership: the server's; this side reads it, and writes its first byte when a handler has kept a view.
    """

    def __init__(self, path, size):
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._map = mmap.mmap(self._descriptor, size, prot=mmap.PROT_READ)
        self._free = sys.getrefcount(self._map)
        self._forgiven = 0
        self._used = False
        self.kept = False

    def view(self, offset, length):
        """The bytes of one tensor."""
        if offset < 64 or length < 0 or offset + length > len(self._map):
            raise TensorError(f"tensor at {offset}, {length} bytes long (expected: within 64..{len(self._map)})")
        self._used = True
        return memoryview(self._map)[offset : offset + length]

    def settle(self):
        """After a call, before its answer goes out: tells the server if views have been kept.

        Each view holds a reference to the map, so counting those finds views however they have been wrapped.
        """
        if not self._used or self.kept:
            return
        self._used = False
        if sys.getrefcount(self._map) <= self._free:
            return
        if self._forgiven < _CYCLES_FORGIVEN:
            self._forgiven += 1
            gc.collect()
            if sys.getrefcount(self._map) <= self._free:
                return
        self.kept = True
        os.pwrite(self._descriptor, b"\x01", 0)


def answer(result):
    """The body of a tensor answer as buffers, if the result is an array or a dict of arrays; else None."""
    named = result if isinstance(result, dict) else {"output_0": result}
    outputs, data = [], []
    for name, value in named.items():
        known = _answer(value)
        if known is None:
            return None
        datatype, shape, octets = known
        outputs.append({"name": str(name), "datatype": datatype, "shape": list(shape), "bytes": len(octets)})
        data.append(octets)
    if not outputs:
        return None
    head = json.dumps({"outputs": outputs}, separators=(",", ":")) + "\n"
    return [head.encode(), *data]


def _answer(value):
    """Datatype, shape and bytes of an array; None if it is none."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _torch_answer(torch, value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return _numpy_answer(numpy, numpy.asarray(value))
    if isinstance(value, memoryview) and value.format in _BY_FORMAT:
        return _BY_FORMAT[value.format], value.shape, value.tobytes()
    return None


def _torch_answer(torch, value):
    value = value.detach().cpu()
    if value.dtype is torch.bfloat16:
        bits = value.contiguous().view(torch.int16).numpy()
        return "BF16", tuple(value.shape), bits.tobytes()
    import numpy

    return _numpy_answer(numpy, value.resolve_conj().resolve_neg().numpy())


def _numpy_answer(numpy, array):
    if array.dtype.kind in "OSU":
        items = [_octets(item) for item in array.ravel().tolist()]
        return "BYTES", array.shape, b"".join(len(item).to_bytes(4, "little") + item for item in items)
    datatype = _BY_NAME.get(array.dtype.name)
    if datatype is None:
        raise TensorError(f"array of {array.dtype} (expected: one of {', '.join(sorted(_BY_NAME))})")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return datatype, array.shape, little.tobytes()


def _octets(item):
    return item if isinstance(item, bytes) else str(item).encode()
