# SPDX-License-Identifier: Apache-2.0
"""What may be wrong with metrics and their definitions."""

try:
    from yaml import YAMLError as _YamlError
except ImportError:
    _YamlError = Exception


class GeneralMetricsCacheError(Exception):
    """Anything that has no better name."""

    def __init__(self, message):
        super().__init__(f"Generic error: {message}")


class MetricsCacheIOError(IOError):
    """The file of definitions cannot be read."""

    def __init__(self, message):
        super().__init__(f"Error reading file: {message}")


class MetricsCachePyYamlError(_YamlError):
    """The file of definitions is not YAML."""

    def __init__(self, message):
        super().__init__(f"Error parsing file: {message}")


class MetricsCacheTypeError(TypeError):
    """An argument has the wrong type."""

    def __init__(self, message):
        super().__init__(f"{message}")


class MetricsCacheValueError(ValueError):
    """An argument has the wrong value."""

    def __init__(self, message):
        super().__init__(f"{message}")


class MetricsCacheKeyError(KeyError):
    """There is no such metric, or a definition lacks a key."""

    def __init__(self, message):
        super().__init__(f"{message}")
