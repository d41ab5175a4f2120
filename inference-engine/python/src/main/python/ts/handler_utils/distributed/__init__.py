# SPDX-License-Identifier: Apache-2.0
"""Help for handlers of models that are spread over several processes."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
