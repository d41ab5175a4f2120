# SPDX-License-Identifier: Apache-2.0
"""The handlers a model can name, and the classes custom handlers are derived from.

Modules that are not here come from an installed original package, if there is one.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
