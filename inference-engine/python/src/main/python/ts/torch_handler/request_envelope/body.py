# SPDX-License-Identifier: Apache-2.0
"""``service_envelope: body``."""

from .._tensors import tensors_of, value_of
from .base import BaseEnvelope


class BodyEnvelope(BaseEnvelope):
    """Hands a handler what the requests brought, without the mappings around it."""

    def parse_input(self, data):
        return [_content(row) for row in data]

    def format_output(self, data):
        return data


def _content(row):
    """The value of a request; where it has several inputs by name, their mapping."""
    value = value_of(row)
    return tensors_of(row) if value is None else value
