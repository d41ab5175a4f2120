# SPDX-License-Identifier: Apache-2.0
"""``service_envelope: kserve``: version 1 of the protocol of KServe."""

from .._tensors import tensors_of, value_of
from ._shares import Shares, as_tensor, document, item_rows, list_of
from .base import BaseEnvelope


class KServeEnvelope(BaseEnvelope):
    """Hands on the instances of all requests, and answers with predictions or explanations."""

    def parse_input(self, data):
        self._came_as_tensors = {number for number, row in enumerate(data) if tensors_of(row) is not None}
        self._shares = Shares(data, self._instances)
        return self._shares.items

    def format_output(self, data):
        return self._shares.deal(data, self._answer)

    def _instances(self, number, row):
        if number in self._came_as_tensors:
            return item_rows(row)
        return list_of(document(value_of(row)), "instances")

    def _answer(self, number, results):
        tensor = as_tensor(results) if number in self._came_as_tensors else None
        if tensor is not None:
            return tensor
        return {"explanations" if self._is_explain() else "predictions": results}

    def _is_explain(self):
        return bool(self.context) and self.context.get_request_header(0, "explain") == "True"
