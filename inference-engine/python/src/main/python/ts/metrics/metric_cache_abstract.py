# SPDX-License-Identifier: Apache-2.0
"""What a handler reports its numbers to, whatever metrics are defined.

Source: torchserve.md 3.8.
"""

import abc

import ts.metrics.metric_cache_errors as merrors
from ts.metrics.dimension import Dimension
from ts.metrics.metric_abstract import MetricAbstract
from ts.metrics.metric_type_enum import MetricTypes

_TIME_UNITS = ["ms", "s"]
_SIZE_UNITS = ["MB", "kB", "GB", "B"]


class MetricCacheAbstract(metaclass=abc.ABCMeta):
    """Knows the metrics of a model and the requests at hand.

    Threads: belongs to the thread that runs the handler; reporting from other threads is fine.
    """

    def __init__(self, config_file_path):
        self.cache = {}
        self.store = []
        self.request_ids = None
        self.model_name = None
        self.config_file_path = config_file_path

    def set_request_ids(self, request_ids):
        """Says which requests the numbers belong to: a dict of index and id, or one id."""
        self.request_ids = request_ids

    def add_metric(
        self,
        name: str,
        value,
        unit: str,
        idx: str = None,
        dimensions: list = (),
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ):
        """Reports a number under any name and unit."""
        self._report(name, value, unit, self._get_req(idx), dimensions, metric_type)

    def add_counter(self, name: str, value, idx: str = None, dimensions: list = ()):
        """Adds to a count."""
        self._report(name, value, "count", self._get_req(idx), dimensions, MetricTypes.COUNTER)

    def add_time(
        self,
        name: str,
        value,
        idx: str = None,
        unit: str = "ms",
        dimensions: list = (),
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ):
        """Reports a duration in ms or s."""
        if unit not in _TIME_UNITS:
            raise merrors.MetricsCacheValueError(f"unit of time: {unit!r} (expected: one of {_TIME_UNITS})")
        self._report(name, value, unit, self._get_req(idx), dimensions, metric_type)

    def add_size(
        self,
        name: str,
        value,
        idx: str = None,
        unit: str = "MB",
        dimensions: list = (),
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ):
        """Reports a size in B, kB, MB or GB."""
        if unit not in _SIZE_UNITS:
            raise ValueError(f"unit of size: {unit!r} (expected: one of {_SIZE_UNITS})")
        self._report(name, value, unit, self._get_req(idx), dimensions, metric_type)

    def add_percent(
        self,
        name: str,
        value,
        idx: str = None,
        dimensions: list = (),
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ):
        """Reports a share of a hundred."""
        self._report(name, value, "percent", self._get_req(idx), dimensions, metric_type)

    def add_error(self, name: str, value, dimensions: list = ()):
        """Counts an error, which belongs to no request."""
        self._report(name, value, "", None, dimensions, MetricTypes.COUNTER)

    def _report(self, name, value, unit, request_id, dimensions, metric_type):
        dimensions = self._add_default_dims(request_id, dimensions)
        metric = self._get_or_add_metric(name, unit, dimensions, metric_type)
        metric.add_or_update(value, [dimension.value for dimension in dimensions], request_id)

    def _add_default_dims(self, idx, dimensions):
        names = {dimension.name for dimension in dimensions}
        more = []
        if idx is not None and "ModelName" not in names:
            more.append(Dimension("ModelName", self.model_name))
        if "Level" not in names:
            more.append(Dimension("Level", "Error" if idx is None else "Model"))
        return [*dimensions, *more]

    def _get_req(self, idx):
        ids = self.request_ids
        if not isinstance(ids, dict):
            return ids
        if idx is not None and idx in ids:
            return ids[idx]
        return ",".join(ids.values())

    def _get_or_add_metric(self, metric_name, unit, dimensions, metric_type) -> MetricAbstract:
        try:
            return self.get_metric(metric_name, metric_type)
        except merrors.MetricsCacheKeyError:
            names = [dimension.name for dimension in dimensions]
            return self.add_metric_to_cache(metric_name, unit, names, metric_type)

    @staticmethod
    def _check_type(variable, expected_type, helper_text):
        if not isinstance(variable, expected_type):
            raise merrors.MetricsCacheTypeError(helper_text)

    @abc.abstractmethod
    def initialize_cache(self) -> None:
        """Makes the metrics that are defined."""

    @abc.abstractmethod
    def get_metric(self, metric_name: str, metric_type: MetricTypes = MetricTypes.COUNTER) -> MetricAbstract:
        """The metric of that name and type; MetricsCacheKeyError if there is none."""

    @abc.abstractmethod
    def add_metric_to_cache(
        self,
        metric_name: str,
        unit: str,
        dimension_names: list = (),
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ) -> MetricAbstract:
        """Makes a metric, in place of one of the same name and type."""
