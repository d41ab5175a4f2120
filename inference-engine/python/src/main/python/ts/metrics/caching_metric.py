# SPDX-License-Identifier: Apache-2.0
"""A metric whose numbers go to the server at once.

Source: torchserve.md 3.6, 3.8.
"""

import logging
import socket
import time

from sluice_worker import output
from ts.metrics.metric_abstract import MetricAbstract
from ts.metrics.metric_type_enum import MetricTypes

logger = logging.getLogger(__name__)
_HOST = socket.gethostname()


class CachingMetric(MetricAbstract):
    """Writes one line for each number; adding up is the server's work."""

    def __init__(
        self,
        metric_name: str,
        unit: str,
        dimension_names: list = None,
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ):
        super().__init__(metric_name, unit, dimension_names, metric_type)

    def emit_metrics(self, request_id: str, value, dimension_string: str) -> None:
        """Writes the line of one number."""
        line = (
            f"[METRICS]{self.metric_name}.{self.unit}:{value}|#{dimension_string}"
            f"|#type:{self.metric_type.name}|#hostname:{_HOST},{int(time.time())}"
        )
        output.metric(f"{line},{request_id}" if request_id else line)

    def add_or_update(self, value, dimension_values: list = (), request_id: str = ""):
        """Reports a number; one that is not valid is logged and dropped, for a metric must not fail a request."""
        names = self.dimension_names
        if dimension_values is None or len(dimension_values) != len(names):
            self._refuse(value, f"dimension values are {dimension_values} (expected: one for each of {names})")
            return
        if self.metric_type is MetricTypes.COUNTER and value < 0:
            self._refuse(value, "a counter cannot go down (expected: 0 or more)")
            return
        dimensions = ",".join([f"{name}:{dimension}" for name, dimension in zip(names, dimension_values)])
        self.emit_metrics(request_id, value, dimensions)

    def update(self, value, request_id: str = "", dimensions: list = ()):
        """Reports a number under other dimensions, which the metric keeps; for handlers of older versions."""
        self.dimension_names = [dimension.name for dimension in dimensions]
        self.add_or_update(value, [dimension.value for dimension in dimensions], request_id)

    def _refuse(self, value, why):
        logger.error("metric %s was not updated with %s: %s", self.metric_name, value, why)
