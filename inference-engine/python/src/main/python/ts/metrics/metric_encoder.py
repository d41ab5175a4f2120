# SPDX-License-Identifier: Apache-2.0
"""Metrics as JSON."""

from json import JSONEncoder

from ts.metrics.dimension import Dimension
from ts.metrics.metric import Metric


class MetricEncoder(JSONEncoder):
    """Knows metrics and dimensions beside what JSON knows."""

    def default(self, obj):
        """A metric or dimension as a dict."""
        return obj.to_dict() if isinstance(obj, (Metric, Dimension)) else super().default(obj)
