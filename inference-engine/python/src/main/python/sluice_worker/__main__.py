# SPDX-License-Identifier: Apache-2.0
"""Starts a worker: ``serve`` for ours, ``original`` for TorchServe's own, ``run`` to try a handler in the foreground."""

import os
import sys


def _arrange_path():
    """Puts this package and ``ts`` within reach, behind the model's own folder.

    Both are imported from here first, whatever the model's folder holds; after that the folder they lie in is the last
    before Python's own, so that it hides nothing of the model's.
    """
    own = os.path.dirname(os.path.abspath(__file__))
    home = os.path.dirname(own)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) not in (own, home)]
    sys.path.insert(0, home)
    import sluice_worker  # noqa: F401
    import ts  # noqa: F401

    sys.path.pop(0)
    library = os.path.dirname(os.path.abspath(os.__file__))
    first = next((at for at, entry in enumerate(sys.path) if os.path.abspath(entry) == library), len(sys.path))
    if first and sys.path[first - 1].endswith(".zip"):
        first -= 1
    sys.path.insert(first, home)
    return home


def main(arguments):
    """Runs the mode that the first argument names."""
    mode = arguments[0] if arguments else None
    if mode == "original":
        from sluice_worker import original

        original.main(arguments[1:])
    elif mode == "serve":
        from sluice_worker import hosting, serving

        options = hosting.serve_options(arguments[1:])
        hosting.enter_session()
        listener, lane = serving.listen(options), serving.lane_of(options)
        hosting.apply(options)
        serving.run(listener, options, lane)
    elif mode == "run":
        from sluice_worker import trying

        sys.exit(trying.main(arguments[1:]))
    else:
        sys.exit(f"sluice_worker: {mode!r} (expected: serve, original or run)")


if __name__ == "__main__":
    _arrange_path()
    main(sys.argv[1:])
