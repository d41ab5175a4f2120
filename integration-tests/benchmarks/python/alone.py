# SPDX-License-Identifier: Apache-2.0
"""Ask one worker over its socket, without a server: what Python itself can do.

A request goes out when the answer to the last one is there, as a server does it with a worker.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CONNECT_SECONDS = 60
END = struct.pack("!i", -1)


def string(value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!i", len(data)) + data


def load(name: str, folder: Path, handler: str) -> bytes:
    numbers = struct.pack("!i", 1)
    return b"L" + string(name) + string(str(folder)) + numbers + string(handler) + END + string("") + b"\x01"


def predict(body: bytes, content_type: str) -> bytes:
    """A request as a server sends it that got it from a load generator."""
    headers = {"Host": "127.0.0.1:8080", "Content-Length": str(len(body)), "explain": "False", "url_path": ""}
    message = b"I" + string("00000000-0000-0000-0000-000000000000")
    message += b"".join(string(name) + string(value) for name, value in headers.items()) + END
    return message + string("body") + string(content_type) + string(body) + END + END


class Worker:
    """One worker process, and the connection to it."""

    def __init__(self, command: list[str], folder: Path, path: Path, environment: dict[str, str]) -> None:
        command = [*command, "--sock-type", "unix", "--sock-name", str(path)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.socket.connect(str(path))
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"worker did not start: {command}") from None
                time.sleep(0.02)

    def ask(self, message: bytes) -> bytes:
        """The answer to a message of which nothing is known yet."""
        self.socket.sendall(message)
        self.socket.settimeout(CONNECT_SECONDS)
        answer = self.socket.recv(1 << 20)
        # Everything a worker says ends so; none of these answers has it inside.
        while not answer.endswith(END):
            answer += self.socket.recv(1 << 20)
        return answer

    def times(self, message: bytes, seconds: float) -> list[float]:
        """Seconds from each request to its answer."""
        size = len(self.ask(message))
        self.socket.settimeout(None)
        send, receive, clock = self.socket.sendall, self.socket.recv_into, time.perf_counter
        buffer = memoryview(bytearray(size))
        times = []
        end = clock() + seconds
        begun = clock()
        while begun < end:
            send(message)
            got = receive(buffer)
            while got < size:
                got += receive(buffer[got:])
            now = clock()
            times.append(now - begun)
            begun = now
        return times

    def close(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def worker(command: list[str], folder: Path, path: Path, python_path: list[str]) -> Iterator[Worker]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *python_path])}
    started = Worker(command, folder, path, environment)
    try:
        yield started
    finally:
        started.close()


def main() -> None:
    """Prints the times of one worker, one a line: FOLDER HANDLER BODY_FILE TYPE SECONDS SOCKET PYTHONPATH COMMAND..."""
    folder, handler, body, content_type, seconds, path, python_path = sys.argv[1:8]
    with worker(sys.argv[8:], Path(folder), Path(path), python_path.split(os.pathsep)) as asked:
        answer = asked.ask(load("model", Path(folder), handler))
        if struct.unpack("!i", answer[:4])[0] != 200:
            raise SystemExit(f"worker did not load: {answer!r}")
        message = predict(Path(body).read_bytes(), content_type)
        asked.times(message, min(2.0, float(seconds)))
        sys.stdout.write("\n".join(f"{each:.7f}" for each in asked.times(message, float(seconds))))


if __name__ == "__main__":
    main()
