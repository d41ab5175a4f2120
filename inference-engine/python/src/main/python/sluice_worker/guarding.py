# SPDX-License-Identifier: Apache-2.0
"""Hides files, becomes another user, then turns into the program it is given: ``guarding.py [--hide PATH]... [--user NAME] -- COMMAND``.

To be run as ``python -I -S``, so that nothing of a model's can run before: the folders in ``PYTHONPATH`` and what is
installed for a model may hold a ``sitecustomize.py``, a ``.pth`` file, or a module that has the name of one of Python's own.
"""

import os
import sys


def main(arguments):
    """Does what the flags say; returns only if the command cannot be executed."""
    cut = arguments.index("--")
    flags, command = arguments[:cut], arguments[cut + 1 :]
    hidden = [value for flag, value in zip(flags[::2], flags[1::2]) if flag == "--hide"]
    users = [value for flag, value in zip(flags[::2], flags[1::2]) if flag == "--user"]
    user = users[-1] if users else None
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.append(home)
    from sluice_worker import hiding

    if hidden:
        hiding.hide(hidden, user)
    elif user:
        hiding.become(user)
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"{os.path.basename(command[0])} cannot be run by {user or 'this user'}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
