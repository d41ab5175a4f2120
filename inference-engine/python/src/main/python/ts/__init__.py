# SPDX-License-Identifier: Apache-2.0
"""The names that handlers written for TorchServe import.

Everything here is Sluice's own and needs the standard library alone. A module that is missing here comes from an
installed TorchServe package if there is one: the search path of this package goes on there.
"""

from pkgutil import extend_path

from ts.version import __version__

__path__ = extend_path(__path__, __name__)

__all__ = ["__version__"]
