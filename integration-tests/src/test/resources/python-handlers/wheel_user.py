# SPDX-License-Identifier: Apache-2.0
"""Needs a package that only its requirements bring."""

import sys

import sluice_test_wheel


def handle(data, context):
    if data is None:
        return None
    return [{"said": sluice_test_wheel.said(), "prefix": sys.prefix, "base": sys.base_prefix} for _ in data]
