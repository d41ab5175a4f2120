# SPDX-License-Identifier: Apache-2.0
"""``service_envelope: json``: instances and predictions as TensorFlow Serving's REST API has them."""

import json
from base64 import b64decode

from ts.utils.util import PredictionException

from .._tensors import tensors_of, value_of
from ._shares import Shares, as_tensor, document, item_rows, list_of
from .base import BaseEnvelope


class JSONEnvelope(BaseEnvelope):
    """Joins the instances of all requests to one batch, and answers each request with its predictions."""

    def parse_input(self, data):
        self._came_as_tensors = {number for number, row in enumerate(data) if tensors_of(row) is not None}
        self._shares = Shares(data, self._instances)
        return self._shares.items

    def format_output(self, data):
        return self._shares.deal(data, self._answer)

    def _instances(self, number, row):
        if number in self._came_as_tensors:
            return item_rows(row)
        value = value_of(row)
        return [_decoded(each) for each in list_of(document(row if value is None else value), "instances")]

    def _answer(self, number, results):
        tensor = as_tensor(results) if number in self._came_as_tensors else None
        return json.dumps({"predictions": results}) if tensor is None else tensor


def _decoded(instance):
    """The instance with the bytes that stand in it in Base64, as a whole or in a column."""
    if not isinstance(instance, dict):
        return instance
    if list(instance) == ["b64"]:
        return _bytes(instance["b64"])
    return {
        column: _bytes(value["b64"]) if isinstance(value, dict) and list(value) == ["b64"] else value
        for column, value in instance.items()
    }


def _bytes(text):
    try:
        return b64decode(text)
    except (TypeError, ValueError) as failure:
        raise PredictionException(f"b64: {failure}", 400) from failure
