# SPDX-License-Identifier: Apache-2.0
"""What a metric's numbers mean."""

import enum


class MetricTypes(enum.Enum):
    """A sum of what is reported, the last report, or a distribution of the reports."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
