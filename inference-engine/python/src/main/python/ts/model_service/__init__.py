# SPDX-License-Identifier: Apache-2.0
"""Base classes of handlers from before TorchServe 0.2; modules that are missing here come from an installed TorchServe package."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
