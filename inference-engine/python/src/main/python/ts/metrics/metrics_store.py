# SPDX-License-Identifier: Apache-2.0
"""Numbers kept in a list, from before metrics had definitions; nothing is sent anywhere."""

from ts.metrics.dimension import Dimension
from ts.metrics.metric import Metric


class MetricsStore:
    """Keeps one Metric per name, unit, request and dimensions."""

    def __init__(self, request_ids, model_name):
        self.store = []
        self.request_ids = request_ids
        self.model_name = model_name
        self.cache = {}

    def _add_or_update(self, name, value, req_id, unit, metrics_method=None, dimensions=None):
        if dimensions is not None and not isinstance(dimensions, list):
            raise ValueError("Please provide a list of dimensions")
        labels = list(dimensions or ())
        if req_id is None:
            labels.append(Dimension("Level", "Error"))
        else:
            labels += [Dimension("ModelName", self.model_name), Dimension("Level", "Model")]
        key = "-".join([name, unit, str(req_id), *map(str, labels)])
        if key in self.cache:
            self.cache[key].update(value)
            return
        self.cache[key] = Metric(name, value, unit, labels, req_id, metrics_method)
        self.store.append(self.cache[key])

    def _get_req(self, idx):
        ids = self.request_ids
        if idx is not None and ids is not None and idx in ids:
            return ids[idx]
        return ",".join(ids.values()) if isinstance(ids, dict) else ids

    def add_counter(self, name, value, idx=None, dimensions=None):
        """Adds to a count."""
        self._add_or_update(name, value, self._get_req(idx), "count", "counter", dimensions)

    def add_time(self, name, value, idx=None, unit="ms", dimensions=None):
        """Keeps a duration in ms or s."""
        if unit not in ["ms", "s"]:
            raise ValueError(f"unit of time: {unit!r} (expected: one of ['ms', 's'])")
        self._add_or_update(name, value, self._get_req(idx), unit, dimensions=dimensions)

    def add_size(self, name, value, idx=None, unit="MB", dimensions=None):
        """Keeps a size in B, kB, MB or GB."""
        if unit not in ["MB", "kB", "GB", "B"]:
            raise ValueError(f"unit of size: {unit!r} (expected: one of ['MB', 'kB', 'GB', 'B'])")
        self._add_or_update(name, value, self._get_req(idx), unit, dimensions=dimensions)

    def add_percent(self, name, value, idx=None, dimensions=None):
        """Keeps a share of a hundred."""
        self._add_or_update(name, value, self._get_req(idx), "percent", dimensions=dimensions)

    def add_error(self, name, value, dimensions=None):
        """Keeps an error, which belongs to no request."""
        self._add_or_update(name, value, None, "", dimensions=dimensions)

    def add_metric(self, name, value, unit, idx=None, dimensions=None):
        """Keeps a number under any name and unit."""
        self._add_or_update(name, value, self._get_req(idx), unit, dimensions=dimensions)
