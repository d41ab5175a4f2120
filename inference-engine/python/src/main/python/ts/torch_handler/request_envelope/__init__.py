# SPDX-License-Identifier: Apache-2.0
"""Envelopes: what stands between a request of another protocol and a handler that knows lists of items only."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
