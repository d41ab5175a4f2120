# SPDX-License-Identifier: Apache-2.0
"""``service_envelope: kservev2``: version 2 of the protocol of KServe, the Open Inference Protocol."""

from ts.utils.util import PredictionException

from .._optional import need
from .._tensors import tensors_of, value_of
from ._shares import Shares, document, list_of
from .base import BaseEnvelope

_DatatypeToNumpy = {
    "BOOL": "bool",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BYTES": "byte",
}

_NumpyToDatatype = {name: datatype for datatype, name in _DatatypeToNumpy.items()}
_NumpyToDatatype["object"] = "BYTES"
_NumpyToDatatype["U"] = "BYTES"  # the kind of every dtype of text, however long


def _numpy():
    return need("numpy", "the envelope kservev2")


def _to_dtype(datatype):
    return _numpy().dtype(_DatatypeToNumpy[datatype])


def _to_datatype(dtype):
    return _NumpyToDatatype.get(str(dtype)) or _NumpyToDatatype[dtype.kind]


class KServev2Envelope(BaseEnvelope):
    """Hands on the inputs of all requests one after the other, and answers with one output for each.

    While a handler runs, ``context.input_names`` has the names of the inputs, and ``context.input_request_id`` the
    first id a client chose.
    """

    def parse_input(self, data):
        self._came_as_tensors = {number for number, row in enumerate(data) if tensors_of(row) is not None}
        self._ids = {}
        self._names = {}
        self._shares = Shares(data, self._inputs)
        self._tell_context()
        return self._shares.items

    def format_output(self, data):
        for name in ("input_names", "input_request_id"):
            if hasattr(self.context, name):
                delattr(self.context, name)
        return self._shares.deal(data, self._answer)

    def _tell_context(self):
        self.context.input_names = [name for names in self._names.values() for name in names]
        if self._ids:
            self.context.input_request_id = next(iter(self._ids.values()))

    def _inputs(self, number, row):
        if number in self._came_as_tensors:
            inputs = [_described(name, _numpy().asarray(value)) for name, value in row.items()]
        else:
            asked = document(value_of(row))
            inputs = [_shaped(each) for each in list_of(asked, "inputs")]
            if str(asked.get("id") or "").strip():
                self._ids[number] = asked["id"]
        self._names[number] = [each["name"] for each in inputs]
        return inputs

    def _answer(self, number, results):
        names = self._names[number]
        outputs = [
            (names[position] if position < len(names) else f"output_{position}", result)
            for position, result in enumerate(results)
        ]
        if number in self._came_as_tensors:
            return {name: _array(result) for name, result in outputs}
        model = (self.context.manifest or {}).get("model") or {}
        return {
            "id": self._ids.get(number) or self.context.get_request_id(number),
            "model_name": model.get("modelName"),
            "model_version": model.get("modelVersion"),
            "outputs": [_output(name, result) for name, result in outputs],
        }


def _described(name, array):
    """A tensor as an input in JSON is handed on."""
    datatype = _to_datatype(array.dtype)
    return {"name": name, "shape": list(array.shape), "datatype": datatype, "data": array.tolist()}


def _shaped(given):
    """An input of a request with its numbers nested as its shape says; of bytes the first value alone."""
    try:
        if given["datatype"] == "BYTES":
            data = given["data"][0]
        else:
            data = _numpy().array(given["data"]).reshape(tuple(given["shape"])).tolist()
        return {**given, "name": given["name"], "data": data}
    except (KeyError, TypeError, ValueError, IndexError) as failure:
        name = given.get("name") if isinstance(given, dict) else given
        reason = f"no {failure}" if isinstance(failure, KeyError) else failure
        raise PredictionException(f"input {name!r}: {reason}", 400) from failure


def _array(result):
    return _numpy().asarray(result.tolist() if hasattr(result, "tolist") else result)


def _output(name, result):
    flat = _numpy().array(result).flatten()
    return {"name": name, "datatype": _to_datatype(flat.dtype), "data": flat.tolist(), "shape": list(flat.shape)}
