# SPDX-License-Identifier: Apache-2.0
"""A metric with one number, from before metrics had definitions."""

import socket
import time
from collections import OrderedDict

from ts.metrics.caching_metric import CachingMetric
from ts.metrics.metric_type_enum import MetricTypes
from ts.metrics.unit import Units

MetricUnit = Units()


class Metric:
    """A number with a name, a unit and dimensions; update reports another number under them."""

    def __init__(self, name, value, unit, dimensions, request_id=None, metric_method=None):
        self.metric_type = MetricTypes.COUNTER
        self.dimensions = dimensions
        self.dimension_names = [dimension.name for dimension in dimensions]
        self.dimension_values = [dimension.value for dimension in dimensions]
        self._caching_metric = CachingMetric(name, unit, self.dimension_names, self.metric_type)
        self.name = self._caching_metric.metric_name
        self.unit = self._caching_metric.unit
        self.metric_method = metric_method
        self.value = value
        self.request_id = request_id

    def update(self, value):
        """Reports a number."""
        self._caching_metric.add_or_update(value, self.dimension_values, request_id=self.request_id)

    def reset(self):
        """Reports 0."""
        self.update(0)

    def __str__(self):
        dimensions = ",".join(str(dimension) for dimension in self.dimensions)
        line = f"{self.name}.{self.unit}:{self.value}|#{dimensions}|#hostname:{socket.gethostname()},{int(time.time())}"
        return f"{line},{self.request_id}" if self.request_id else line

    def to_dict(self):
        """All of it under names that go into JSON."""
        return OrderedDict(
            MetricName=self.name,
            Value=self.value,
            Unit=self.unit,
            Dimensions=self.dimensions,
            Timestamp=int(time.time()),
            HostName=socket.gethostname(),
            RequestId=self.request_id,
        )
