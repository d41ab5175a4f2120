# SPDX-License-Identifier: Apache-2.0
"""A label of a metric."""


class Dimension:
    """A name and a value, such as Level and Model."""

    def __init__(self, name, value):
        self.name = name
        self.value = value

    def __str__(self):
        return f"{self.name}:{self.value}"

    def to_dict(self):
        """Name and value under those names."""
        return {"Name": self.name, "Value": self.value}
