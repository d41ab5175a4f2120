# SPDX-License-Identifier: Apache-2.0
"""Counts and times what it does with the metrics of TorchServe."""

from ts.metrics.dimension import Dimension
from ts.metrics.metric_type_enum import MetricTypes


class Counted:
    def initialize(self, context):
        metrics = context.metrics
        self.cached = metrics.add_metric_to_cache(
            metric_name="CachedLatency", unit="ms", dimension_names=["ModelName", "Level"], metric_type=MetricTypes.HISTOGRAM
        )

    def handle(self, data, context):
        metrics = context.metrics
        for index in range(len(data)):
            metrics.add_counter("Declared", 2, index, dimensions=[Dimension("Shape", "round")])
            metrics.add_counter("NotDeclared", 1, index)
            metrics.add_size("Used", 3.5, index, "MB")
            metrics.add_percent("Share", 1e-07, index)
            metrics.add_error("Broken: badly", 1)
            self.cached.add_or_update(4, ["counted", "Model"])
        print("[METRICS]this is no metric line")
        return ["ok"] * len(data)
