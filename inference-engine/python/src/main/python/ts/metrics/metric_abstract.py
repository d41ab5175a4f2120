# SPDX-License-Identifier: Apache-2.0
"""What every metric has."""

import abc

from ts.metrics.metric_type_enum import MetricTypes
from ts.metrics.unit import Units

MetricUnit = Units()


class MetricAbstract(metaclass=abc.ABCMeta):
    """A name, a unit, names of dimensions and a type."""

    def __init__(
        self,
        metric_name: str,
        unit: str,
        dimension_names: list = None,
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ):
        self.metric_name = metric_name
        self.unit = MetricUnit.units.get(unit, unit)
        self.dimension_names = dimension_names or []
        self.metric_type = metric_type

    @abc.abstractmethod
    def add_or_update(self, value, dimension_values: list, request_id: str = ""):
        """Reports a number."""
