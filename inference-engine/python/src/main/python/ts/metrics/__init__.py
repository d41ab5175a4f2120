# SPDX-License-Identifier: Apache-2.0
"""Numbers that a handler reports; modules that are missing here come from an installed TorchServe package."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
