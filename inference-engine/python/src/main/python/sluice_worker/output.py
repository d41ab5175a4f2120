# SPDX-License-Identifier: Apache-2.0
"""What a worker prints: lines of the handler and lines of metrics, never mixed within a line.

Threads: any. Metrics of a call are held back until its answer has gone out, so that they cost no latency.
"""

import io
import logging
import os
import sys
import threading
import time

# A handler that reports a lot during a long call gets its lines out before the call is over.
_HELD_LINES = 64
_HELD_SECONDS = 1.0
_LONGEST_PART = 65536


class LineWriter(io.BufferedIOBase):
    """Passes whole lines on to a file descriptor; a line that is not complete waits for its end."""

    def __init__(self, descriptor):
        super().__init__()
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._part = bytearray()
        self._inside_line = False

    def writable(self):
        """True."""
        return True

    def fileno(self):
        """The descriptor that lines go to."""
        return self._descriptor

    def isatty(self):
        """Whether a person reads along."""
        return os.isatty(self._descriptor)

    def write(self, data):
        """Takes bytes, passes on those up to the last line end."""
        with self._lock:
            self._part += data
            cut = self._part.rfind(b"\n") + 1 or (len(self._part) if len(self._part) > _LONGEST_PART else 0)
            if cut:
                self._pass_on(bytes(self._part[:cut]))
                del self._part[:cut]
        return len(data)

    def whole_lines(self, data):
        """Writes lines at once, apart from any line that a handler is still printing."""
        with self._lock:
            self._pass_on(b"\n" + data if self._inside_line else data)

    def finish(self):
        """Passes on what has no line end, at the end of the process."""
        with self._lock:
            if self._part:
                self._pass_on(bytes(self._part))
                self._part.clear()

    def _pass_on(self, data):
        self._inside_line = not data.endswith(b"\n")
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class _State:
    """The one standard output of the process; written under the lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.lines = LineWriter(1)
        self.held = None  # list while a call runs, else None
        self.since = 0.0


_state = _State()


def install():
    """Makes standard output line by line and logging go there, as handlers expect."""
    sys.stdout.flush()
    sys.stdout = io.TextIOWrapper(_state.lines, "utf-8", errors="backslashreplace", write_through=True)
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)


def metric(line):
    """Sends a line of metrics, or holds it until the call is over."""
    state = _state
    with state.lock:
        if state.held is not None:
            state.held.append(line)
            if len(state.held) < _HELD_LINES and time.monotonic() - state.since < _HELD_SECONDS:
                return
            line = _take()
    _write(line)


def hold():
    """A call begins: lines of metrics wait."""
    _state.since = time.monotonic()
    _state.held = []


def release():
    """The answer has gone out: the lines that waited follow."""
    state = _state
    with state.lock:
        lines = _take() if state.held else None
        state.held = None
    if lines:
        _write(lines)


def finish():
    """Lets out all that waits, at the end of the process."""
    release()
    sys.stdout.flush()
    _state.lines.finish()


def _take():
    lines = "\n".join(_state.held)
    _state.held.clear()
    _state.since = time.monotonic()
    return lines


def _write(lines):
    try:
        _state.lines.whole_lines((lines + "\n").encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # nobody listens any more: the server is going away, and this process with it
