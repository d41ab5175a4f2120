# SPDX-License-Identifier: Apache-2.0
"""Runs the worker of an installed TorchServe package, with our care around it.

Source: torchserve.md 7.2.
"""

import importlib.machinery
import os
import runpy
import sys

from sluice_worker import hosting


def main(arguments):
    """Takes our ``ts`` out of reach, then runs ``ts/model_service_worker.py`` of the installed package."""
    options, rest = hosting.original_options(arguments)
    script = find_script()
    hosting.enter_session()
    hosting.apply(options)
    for name in [name for name in sys.modules if name == "ts" or name.startswith("ts.")]:
        del sys.modules[name]
    definitions = os.path.join(os.path.dirname(script), "configs", "metrics.yaml")
    if "--metrics-config" not in rest and os.path.isfile(definitions):
        # That worker does not start without definitions of metrics: those of its own package, then.
        rest = [*rest, "--metrics-config", definitions]
    sys.argv = [script, *rest]
    runpy.run_path(script, run_name="__main__")


def find_script():
    """The installed worker's script; our own folder is taken off the path on the way."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != home]
    for entry in sys.path:
        found = importlib.machinery.PathFinder.find_spec("ts", [entry])
        for folder in (found.submodule_search_locations or ()) if found else ():
            script = os.path.join(folder, "model_service_worker.py")
            if os.path.isfile(script):
                return script
    sys.exit(
        "the package torchserve is not installed for this interpreter "
        f"(Python {'.'.join(map(str, sys.version_info[:3]))}): install it, or use the worker that comes with the server"
    )
