# SPDX-License-Identifier: Apache-2.0
"""Metrics that are defined in the server's metrics file.

Source: torchserve.md 3.3.
"""

import logging

import ts.metrics.metric_cache_errors as merrors
from ts.metrics.caching_metric import CachingMetric
from ts.metrics.metric_cache_abstract import MetricCacheAbstract
from ts.metrics.metric_type_enum import MetricTypes
from ts.utils.util import get_yaml_config

logger = logging.getLogger(__name__)


class MetricsCacheYamlImpl(MetricCacheAbstract):
    """Reads the section model_metrics of a YAML file; handlers add more."""

    def __init__(self, config_file_path):
        super().__init__(config_file_path=config_file_path)
        self._parse_yaml_file(self.config_file_path)

    def _parse_yaml_file(self, config_file_path) -> None:
        if not config_file_path:
            raise merrors.MetricsCacheTypeError("Config file not initialized")
        try:
            self._parsed_file = get_yaml_config(config_file_path)
        except OSError as error:
            raise merrors.MetricsCacheIOError(f"{config_file_path}: {error}") from error
        except Exception as error:
            raise merrors.MetricsCachePyYamlError(f"{config_file_path}: {error}") from error

    def _parse_metrics_section(self, key="model_metrics") -> dict:
        parsed = self._parsed_file
        if not isinstance(parsed, dict) or key not in parsed:
            raise merrors.MetricsCacheKeyError(f"no key {key!r} in {self.config_file_path}")
        return parsed[key]

    def initialize_cache(self) -> None:
        """Makes the metrics of the file."""
        section = self._parse_metrics_section("model_metrics")
        if not section:
            raise merrors.MetricsCacheValueError("Missing `model_metrics` specification")
        for type_name, definitions in section.items():
            try:
                metric_type = MetricTypes(type_name)
            except ValueError as error:
                raise merrors.MetricsCacheKeyError(f"Invalid metric type: {error}") from error
            for definition in definitions:
                self._define(definition, metric_type)

    def _define(self, definition, metric_type):
        try:
            name, unit, dimensions = (definition[key] for key in ("name", "unit", "dimensions"))
        except KeyError as error:
            raise merrors.MetricsCacheKeyError(f"metric {definition} has no {error}") from error
        self.add_metric_to_cache(name, unit, dimensions, metric_type)

    def add_metric_to_cache(
        self,
        metric_name: str,
        unit: str,
        dimension_names: list = (),
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ) -> CachingMetric:
        """Makes a metric, in place of one of the same name and type."""
        self._check_type(metric_name, str, f"`metric_name` must be a str, is {metric_name!r}")
        self._check_type(unit, str, f"`unit` must be a str, is {unit!r}")
        self._check_type(metric_type, MetricTypes, f"`metric_type` must be a MetricTypes enum, is {metric_type!r}")
        if dimension_names:
            self._check_type(dimension_names, list, f"`dimension_names` must be a list, is {dimension_names!r}")
        metric = CachingMetric(metric_name, unit, list(dimension_names or ()), metric_type)
        metrics = self.cache.setdefault(metric_type, {})
        if metric_name in metrics:
            logger.warning("metric %s of type %s is defined anew", metric_name, metric_type.value)
        metrics[metric_name] = metric
        return metric

    def get_metric(self, metric_name: str, metric_type: MetricTypes = MetricTypes.COUNTER) -> CachingMetric:
        """The metric of that name and type; MetricsCacheKeyError if there is none."""
        self._check_type(metric_name, str, f"`metric_name` must be a str, is {metric_name!r}")
        self._check_type(metric_type, MetricTypes, f"`metric_type` must be a MetricTypes enum, is {metric_type!r}")
        metric = self.cache.get(metric_type, {}).get(metric_name)
        if metric is None:
            raise merrors.MetricsCacheKeyError(f"no metric {metric_name!r} of type {metric_type.value}")
        return metric

    def cache_keys(self):
        """All metrics as type:name."""
        return [f"{kind.value}:{name}" for kind, metrics in self.cache.items() for name in metrics]
