# SPDX-License-Identifier: Apache-2.0
"""Errors of handlers as their authors want to read them: without the frames of the worker itself."""

import importlib
import os
import sys
import traceback

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Frames of these are of no interest to the author of a handler.
_OURS = (
    os.path.join(_HOME, "sluice_worker") + os.sep,
    os.path.join(_HOME, "ts", "model_loader.py"),
    os.path.join(_HOME, "ts", "service.py"),
    importlib.__file__,
    "<frozen importlib",
)
_MOST_FRAMES = 60


def log(what, error):
    """Writes the error and where it happened to standard error, in one piece."""
    sys.stderr.write(f"{what}\n{text(error)}")
    sys.stderr.flush()


def text(error):
    """The traceback with the frames of the handler and of what it calls."""
    shown = traceback.TracebackException(type(error), error, error.__traceback__, limit=-_MOST_FRAMES)
    part = shown
    seen = set()
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not _is_ours(frame)])
        part = part.__cause__ or part.__context__
    return "".join(shown.format())


def brief(error):
    """Kind and text of an error and the place in the model's folder where it happened, in one line."""
    line = traceback.format_exception_only(type(error), error)[-1].strip()
    if isinstance(error, SyntaxError):
        return f"{line} ({os.path.basename(error.filename or '?')}:{error.lineno})"
    place = _place(error)
    return f"{line} ({place})" if place else line


def own_frames(error, folder):
    """The frames of files in a folder, the innermost last."""
    inside = os.path.realpath(folder) + os.sep
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename[:1] != "<" and _real(frame).startswith(inside)]


def _real(frame):
    return os.path.realpath(frame.filename)


def _place(error):
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame)]
    here = own_frames(error, os.getcwd()) or [frame for frame in frames if not frame.filename.startswith("<")][-1:]
    return f"{os.path.basename(here[-1].filename)}:{here[-1].lineno}" if here else None


def _is_ours(frame):
    return frame.filename.startswith(_OURS)
