# SPDX-License-Identifier: Apache-2.0
"""What tests of workers share: messages as a server would write them, and workers in processes of their own."""

import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

HOME = pathlib.Path(__file__).resolve().parents[2] / "main" / "python"
if str(HOME) not in sys.path:
    sys.path.insert(0, str(HOME))

from sluice_worker import wire  # noqa: E402

INT = struct.Struct("!i")
SCRIPT = str(HOME / "sluice_worker" / "__main__.py")
GUARD = str(HOME / "sluice_worker" / "guarding.py")


def _guard(flags):
    return [sys.executable, "-I", "-S", GUARD, *flags, "--"] if flags else []


SECONDS = 30


def string(text):
    """A string as it goes over the wire."""
    data = text.encode() if isinstance(text, str) else bytes(text)
    return INT.pack(len(data)) + data


def load(name, path, handler, batch=1, gpu=-1, envelope="", limit=1):
    """A LOAD message."""
    head = b"L" + string(name) + string(str(path)) + INT.pack(batch)
    return head + string(handler) + INT.pack(gpu) + string(envelope) + bytes([limit])


def predict(*requests):
    """A PREDICT message of (id, headers, parts) each; parts are (name, type, value)."""
    out = b"I"
    for request_id, headers, parts in requests:
        out += string(request_id)
        out += b"".join(string(name) + string(value) for name, value in headers.items()) + INT.pack(-1)
        out += b"".join(string(name) + string(kind) + string(value) for name, kind, value in parts) + INT.pack(-1)
    return out + INT.pack(-1)


def request(request_id="r1", value=b"x", kind="", headers=None):
    """A request with one part named body."""
    return request_id, headers or {}, [("body", kind, value)]


def wait_until(condition, what):
    """Waits for something that happens in another process."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {SECONDS} s")
        time.sleep(0.01)


class Worker:
    """A worker process and the server's end of its connection."""

    def __init__(self, folder, arguments=(), environment=None, mode="serve", tcp_port=None, guard=()):
        self.sockets = tempfile.mkdtemp(prefix="sw")
        if "--user" in guard:
            shutil.chown(self.sockets, guard[guard.index("--user") + 1])
        self.path = os.path.join(self.sockets, "s.7000")
        where = ["--sock-type", "unix", "--sock-name", self.path]
        if tcp_port is not None:
            where = ["--sock-type", "tcp", "--port", str(tcp_port)]
        variables = {**os.environ, "PYTHONPATH": str(folder), **(environment or {})}
        self.out = open(os.path.join(self.sockets, "out"), "w+b")
        self.err = open(os.path.join(self.sockets, "err"), "w+b")
        self.process = subprocess.Popen(
            [*_guard(guard), sys.executable, SCRIPT, mode, "--watch-stdin", *arguments, *where],
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=self.out,
            stderr=self.err,
        )
        self.connection = None
        self._rest = b""
        rank = int((environment or {}).get("LOCAL_RANK", 0))
        address = ("127.0.0.1", tcp_port) if tcp_port is not None else f"{self.path[:-4]}{7000 + rank}"
        wait_until(lambda: self._connect(address), f"connection to worker: {self.errors()}")

    def _connect(self, address):
        if self.process.poll() is not None:
            raise AssertionError(f"worker ended with {self.process.returncode}: {self.errors()}")
        connection = socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            return False
        connection.settimeout(SECONDS)
        self.connection = connection
        return True

    def send(self, message):
        """Sends a message."""
        self.connection.sendall(message)

    def reply(self):
        """The next reply: code, message, predictions."""
        while True:
            try:
                code, message, predictions, used = wire.read_reply(self._rest)
                self._rest = self._rest[used:]
                return code, message, predictions
            except (struct.error, wire.WireError):
                received = self.connection.recv(1 << 20)
                if not received:
                    raise EOFError(f"worker has closed the connection: {self.errors()}") from None
                self._rest += received

    def call(self, message):
        """Sends a message; its reply."""
        self.send(message)
        return self.reply()

    def output(self):
        """What the worker has printed."""
        return self._text(self.out)

    def errors(self):
        """What the worker has printed to standard error."""
        return self._text(self.err)

    def _text(self, file):
        with open(file.name, "rb") as again:
            return again.read().decode("utf-8", "replace")

    def disconnect(self):
        """Closes the connection; the exit code."""
        self.connection.close()
        return self.process.wait(SECONDS)

    def close(self):
        """Ends everything."""
        if self.connection is not None:
            self.connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(SECONDS)
        self.process.stdin.close()
        self.out.close()
        self.err.close()
        shutil.rmtree(self.sockets, ignore_errors=True)


class WorkerTestCase(unittest.TestCase):
    """Makes a folder for a model, and ends workers after the test."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sm")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def handler(self, text, name="handler.py"):
        """Writes a file of the model."""
        path = pathlib.Path(self.folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def start(self, *arguments, **named):
        """A worker that has no model yet."""
        worker = Worker(self.folder, arguments, **named)
        self.addCleanup(worker.close)
        return worker

    def loaded(self, text, *arguments, batch=1, **named):
        """A worker that has loaded a handler."""
        self.handler(text)
        worker = self.start(*arguments, **named)
        self.assertEqual((200, "loaded model m", []), worker.call(load("m", self.folder, "handler.py", batch)))
        return worker
